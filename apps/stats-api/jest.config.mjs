export default {
  preset: '../../jest.preset.js',
  displayName: 'stats-api',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  testTimeout: 30_000,
  coverageDirectory: '<rootDir>/../../coverage/stats-api/unit',
};
