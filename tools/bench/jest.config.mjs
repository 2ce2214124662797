export default {
  preset: '../../jest.preset.js',
  displayName: 'bench',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/bench/unit',
};
