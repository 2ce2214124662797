export default {
  preset: '../../jest.preset.js',
  displayName: 'testkit',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/testkit/unit',
};
