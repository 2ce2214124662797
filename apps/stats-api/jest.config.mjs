export default {
  preset: '../../jest.preset.js',
  displayName: 'stats-api',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/stats-api/unit',
};
