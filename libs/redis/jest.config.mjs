export default {
  preset: '../../jest.preset.js',
  displayName: 'redis',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/redis/unit',
};
