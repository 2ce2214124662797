export default {
  preset: '../../jest.preset.js',
  displayName: 'git-history',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/git-history/unit',
};
