import { env } from 'node:process';
import config from './jest.int.config.mjs';

// `npm run test:faults`: every row of the table as it stands there, one after the other. Workers inherit this.
env.FAULTS = 'full';

export default {
  ...config,
  displayName: 'faults, all of them',
  maxWorkers: 1,
  reporters: ['default', '<rootDir>/jest/rows-reporter.mjs'],
};
