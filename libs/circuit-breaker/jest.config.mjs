export default {
  preset: '../../jest.preset.js',
  displayName: 'circuit-breaker',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/circuit-breaker/unit',
};
