export default {
  preset: '../../jest.preset.js',
  displayName: 'event-schema',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/event-schema/unit',
};
