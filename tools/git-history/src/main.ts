import yargs from 'yargs';
import { hideBin } from 'yargs/helpers';

import { historyEvents } from './history-events.js';
import { GitError } from './read-commits.js';
import { writeCsv } from './write-csv.js';

const UNDATED_SHOWN_MAX = 10;

const args = await yargs(hideBin(process.argv))
  .scriptName('git-history')
  .usage('$0 REPOSITORY > events.csv\n\nThe history of a git repository as events, one for each commit.')
  .command('$0 <repository>', false, (command) =>
    command.positional('repository', { type: 'string', demandOption: true }),
  )
  .option('ref', { type: 'string', default: 'HEAD', describe: 'branch, tag or range of commits' })
  .option('salt', { type: 'string', describe: 'keys the hash of the authors’ emails' })
  .version(false)
  .strict()
  .parseAsync();

let undated = 0;
const onUndated = (hash: string): void => {
  undated += 1;
  if (undated <= UNDATED_SHOWN_MAX) console.error(`${hash}: left out, its author date cannot be read`);
};

// A reader that has seen enough (head, a failed importer) is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  const { repository, ref, salt } = args as typeof args & { repository: string };
  const events = historyEvents({ repository, ref, salt, onUndated });
  const count = await writeCsv(events, process.stdout);
  console.error(`${count} events${undated > 0 ? `, ${undated} commits left out` : ''}`);
} catch (error) {
  if (!(error instanceof GitError)) throw error;
  console.error(`git-history: ${error.message}`);
  process.exitCode = 1;
}
