export default {
  preset: '../../jest.preset.js',
  displayName: 'bench integration',
  testMatch: ['<rootDir>/test/**/*.int-spec.ts'],
  testTimeout: 180_000,
  coverageDirectory: '<rootDir>/../../coverage/bench/integration',
};
