export default {
  preset: '../../jest.preset.js',
  displayName: 'calendar',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/calendar/unit',
};
