/** One place for how every project's tests are compiled and resolved. */
export default {
  testEnvironment: 'node',
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // Sources name their imports as Node will see them (./x.js); the file is ./x.ts.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  // A pruned folder holds a package.json with the project's own name.
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/out-tsc'],
  moduleFileExtensions: ['ts', 'js', 'json'],
  testEnvironmentOptions: {
    customExportConditions: ['@event-analytics/source', 'node', 'require', 'default'],
  },
  collectCoverageFrom: ['<rootDir>/src/**/*.ts'],
  coverageReporters: ['text-summary', 'lcov'],
};
