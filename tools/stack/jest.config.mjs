export default {
  preset: '../../jest.preset.js',
  displayName: 'stack',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/stack/unit',
};
