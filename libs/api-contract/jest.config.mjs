export default {
  preset: '../../jest.preset.js',
  displayName: 'api-contract',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/api-contract/unit',
};
