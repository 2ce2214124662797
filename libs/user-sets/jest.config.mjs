export default {
  preset: '../../jest.preset.js',
  displayName: 'user-sets',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/user-sets/unit',
};
