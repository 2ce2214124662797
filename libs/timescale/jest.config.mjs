export default {
  preset: '../../jest.preset.js',
  displayName: 'timescale',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/timescale/unit',
};
