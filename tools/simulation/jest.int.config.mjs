export default {
  preset: '../../jest.preset.js',
  displayName: 'simulation integration',
  testMatch: ['<rootDir>/test/**/*.int-spec.ts'],
  globalSetup: '@event-analytics/testkit/global-setup',
  globalTeardown: '@event-analytics/testkit/global-teardown',
  testTimeout: 60_000,
  coverageDirectory: '<rootDir>/../../coverage/simulation/integration',
};
