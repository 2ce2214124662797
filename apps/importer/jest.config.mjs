export default {
  preset: '../../jest.preset.js',
  displayName: 'importer',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  testTimeout: 30_000,
  coverageDirectory: '<rootDir>/../../coverage/importer/unit',
};
