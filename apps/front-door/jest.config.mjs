export default {
  preset: '../../jest.preset.js',
  displayName: 'front-door',
  testMatch: ['<rootDir>/src/**/*.spec.ts'],
  coverageDirectory: '<rootDir>/../../coverage/front-door/unit',
};
