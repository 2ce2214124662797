import type { Argv } from 'yargs';

import { COMMON_OPTIONS } from './common-options.js';

/** Options of `import status ID` and `import undo ID`. */
export function importIdOptions(command: Argv) {
  return command
    .positional('id', { type: 'number', demandOption: true, describe: 'number of the import' })
    .options(COMMON_OPTIONS);
}

/** Options of `import list`. */
export function importListOptions(command: Argv) {
  return command
    .option('limit', {
      type: 'number',
      default: 50,
      requiresArg: true,
      describe: 'imports shown, the latest first',
    })
    .options(COMMON_OPTIONS);
}
