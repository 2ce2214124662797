export default {
  preset: '../../jest.preset.js',
  displayName: 'system-tests',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/system-tests/unit',
};
