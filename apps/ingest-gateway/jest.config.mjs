export default {
  preset: '../../jest.preset.js',
  displayName: 'ingest-gateway',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/ingest-gateway/unit',
};
