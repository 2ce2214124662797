export default {
  preset: '../../jest.preset.js',
  displayName: 'importer',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/importer/unit',
};
