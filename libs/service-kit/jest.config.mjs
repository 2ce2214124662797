export default {
  preset: '../../jest.preset.js',
  displayName: 'service-kit',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/service-kit/unit',
};
