export default {
  preset: '../../jest.preset.js',
  displayName: 'stack integration',
  testMatch: ['<rootDir>/test/**/*.int-spec.ts'],
  testTimeout: 120_000,
  coverageDirectory: '<rootDir>/../../coverage/stack/integration',
};
