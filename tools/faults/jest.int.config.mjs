// No shared servers: each file starts its own, since some of them kill theirs.
export default {
  preset: '../../jest.preset.js',
  displayName: 'faults integration',
  testMatch: ['<rootDir>/test/**/*.int-spec.ts'],
  testTimeout: 60_000,
  coverageDirectory: '<rootDir>/../../coverage/faults/integration',
};
