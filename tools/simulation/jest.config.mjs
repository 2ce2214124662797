export default {
  preset: '../../jest.preset.js',
  displayName: 'simulation',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  // Some twenty seconds of a core to itself; not every machine has one to spare.
  testTimeout: 300_000,
  coverageDirectory: '<rootDir>/../../coverage/simulation/unit',
};
