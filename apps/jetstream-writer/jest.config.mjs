export default {
  preset: '../../jest.preset.js',
  displayName: 'jetstream-writer',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/jetstream-writer/unit',
};
