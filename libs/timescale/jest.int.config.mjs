export default {
  preset: '../../jest.preset.js',
  displayName: 'timescale integration',
  testMatch: ['<rootDir>/test/**/*.int-spec.ts'],
  globalSetup: './test/global-setup.mjs',
  globalTeardown: '@event-analytics/testkit/global-teardown',
  testTimeout: 60_000,
  coverageDirectory: '<rootDir>/../../coverage/timescale/integration',
};
