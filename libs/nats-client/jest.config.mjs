export default {
  preset: '../../jest.preset.js',
  displayName: 'nats-client',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/nats-client/unit',
};
