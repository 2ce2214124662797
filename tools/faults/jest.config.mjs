export default {
  preset: '../../jest.preset.js',
  displayName: 'faults',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/faults/unit',
};
