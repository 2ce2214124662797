import { resolve } from 'node:path';
import yargs from 'yargs';

import { EXIT_CODES_HELP } from './exit-codes.js';
import type { ImportRequest } from './commands/import-command.js';

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

interface DatabaseOption {
  databaseUrl: string | undefined;
}

export type CommandLine =
  | ({ command: 'import'; request: ImportRequest; json: boolean; quiet: boolean } & DatabaseOption)
  | ({ command: 'migrate'; json: boolean; quiet: boolean; waitSeconds: number } & DatabaseOption)
  | ({ command: 'recount'; json: boolean; quiet: boolean; limit: number } & DatabaseOption)
  | ({ command: 'reindex'; json: boolean; quiet: boolean; zones: string[] | undefined } & DatabaseOption);

const NAME_A_COMMAND = 'name a command: import, migrate, recount or reindex';

const BATCH_SIZE_MAX = 20_000;
const WAIT_SECONDS_MAX = 3_600;
const DIFFERENCES_MAX = 1_000;

/** yargs loses a bare '-' in a list of positionals: it reads this instead, which no path can be. */
const STDIN_WORD = '\0stdin';

function fileNamed(word: string): string {
  return word === STDIN_WORD ? '-' : word;
}

const DATABASE_HELP = `The database is DATABASE_URL, or POSTGRES_HOST, POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER and
POSTGRES_PASSWORD (each also as ..._FILE), or --database-url.`;

/** Prints help or version and ends the process when asked for; throws UsageError for what it does not know. */
export async function parseCommandLine(argv: string[], version: string): Promise<CommandLine> {
  let parsed: CommandLine | undefined;
  const databaseUrl = {
    type: 'string',
    describe: 'PostgreSQL URL (others can see it in the process list: prefer DATABASE_URL)',
    requiresArg: true,
  } as const;
  const json = {
    type: 'boolean',
    default: false,
    describe: 'messages on standard error as JSON lines',
  } as const;
  const quiet = { type: 'boolean', default: false, describe: 'no progress, no messages but errors' } as const;

  await yargs(argv.map((argument) => (argument === '-' ? STDIN_WORD : argument)))
    .scriptName('event-importer')
    .usage('$0 <command>\n\nBulk import of events into PostgreSQL, and upkeep of the database.')
    .version(version)
    .command(
      'import <files..>',
      'Import CSV files; - is standard input. Importing the same file again adds nothing.',
      (command) =>
        command
          .positional('files', {
            type: 'string',
            array: true,
            demandOption: true,
            describe: 'CSV files, .gz or not',
          })
          .option('batch-size', {
            type: 'number',
            default: 5_000,
            requiresArg: true,
            describe: `rows written in one transaction (1-${BATCH_SIZE_MAX})`,
          })
          .option('reject-file', {
            type: 'string',
            requiresArg: true,
            describe: 'where rejected rows go [default: FILE.rejects.csv; rejects.csv for standard input]',
          })
          .option('dry-run', {
            type: 'boolean',
            default: false,
            describe: 'judge every row, write none; needs no database',
          })
          .options({ 'database-url': databaseUrl, json, quiet })
          .example('$0 import events.csv more.csv.gz', '')
          .example('zcat events.csv.gz | $0 import - --quiet', '')
          .epilogue(`${CSV_HELP}\n\n${DATABASE_HELP}\n\n${EXIT_CODES_HELP}`),
      (args) => {
        parsed = {
          command: 'import',
          request: {
            files: args.files.map(fileNamed),
            batchSize: args.batchSize,
            rejectFile: args.rejectFile === undefined ? undefined : fileNamed(args.rejectFile),
            dryRun: args.dryRun,
          },
          databaseUrl: args.databaseUrl,
          json: args.json,
          quiet: args.quiet,
        };
      },
    )
    .command(
      'migrate',
      'Bring the database schema up to date and print what was applied.',
      (command) =>
        command
          .option('wait-seconds', {
            type: 'number',
            default: 30,
            requiresArg: true,
            describe: `how long to wait for a database that is not up yet (0-${WAIT_SECONDS_MAX})`,
          })
          .options({ 'database-url': databaseUrl, json, quiet })
          .epilogue(DATABASE_HELP),
      (args) => {
        const { databaseUrl: url, waitSeconds } = args;
        parsed = { command: 'migrate', databaseUrl: url, json: args.json, quiet: args.quiet, waitSeconds };
      },
    )
    .command(
      'recount',
      'Compare the index that statistics are answered from with the events, number by number. Reads every event; ingest may go on.',
      (command) =>
        command
          .option('limit', {
            type: 'number',
            default: 100,
            requiresArg: true,
            describe: `differences shown (0-${DIFFERENCES_MAX})`,
          })
          .options({ 'database-url': databaseUrl, json, quiet })
          .epilogue(`${DATABASE_HELP}\n\n${EXIT_CODES_HELP}`),
      (args) => {
        const { databaseUrl: url, limit } = args;
        parsed = { command: 'recount', databaseUrl: url, json: args.json, quiet: args.quiet, limit };
      },
    )
    .command(
      'reindex',
      'Build the index of statistics anew from the events, beside the one that answers, whose place it takes. Ingest may go on; killed and run again it goes on where it was.',
      (command) =>
        command
          .option('zone', {
            type: 'string',
            array: true,
            requiresArg: true,
            describe: 'a time zone whose index to build [default: all that are indexed]',
          })
          .options({ 'database-url': databaseUrl, json, quiet })
          .epilogue(DATABASE_HELP),
      (args) => {
        const { databaseUrl: url, zone: zones } = args;
        parsed = { command: 'reindex', databaseUrl: url, json: args.json, quiet: args.quiet, zones };
      },
    )
    .demandCommand(1, NAME_A_COMMAND)
    .strict()
    .epilogue(EXIT_CODES_HELP)
    .wrap(null)
    .fail((message: string | null, error: Error | undefined) => {
      throw new UsageError(message ?? error?.message ?? 'wrong usage');
    })
    .parseAsync();

  if (!parsed) throw new UsageError(NAME_A_COMMAND);
  if (parsed.command === 'import') checkImport(parsed.request);
  if (parsed.command === 'migrate') checkNumber('--wait-seconds', parsed.waitSeconds, 0, WAIT_SECONDS_MAX);
  if (parsed.command === 'recount') checkNumber('--limit', parsed.limit, 0, DIFFERENCES_MAX);
  return parsed;
}

const CSV_HELP = `The first line names the columns, in any order: event_id,occurred_at,user_id,event_type,properties_json.
UTF-8, quoted as in RFC 4180; gzip, a byte order mark and CRLF are recognised. Rejected rows are written to the
reject file as line,code,message,row. A summary is printed on standard output as one line of JSON.`;

function checkImport({ batchSize, files, rejectFile }: ImportRequest): void {
  checkNumber('--batch-size', batchSize, 1, BATCH_SIZE_MAX);
  if (new Set(files).size < files.length) throw new UsageError('the same file is named twice');
  if (rejectFile === undefined) return;
  if (rejectFile === '-')
    throw new UsageError('--reject-file needs a path: standard output is for the summary');
  if (files.some((file) => file !== '-' && resolve(file) === resolve(rejectFile))) {
    throw new UsageError('--reject-file would overwrite the input');
  }
  if (rejectFile === '') throw new UsageError('--reject-file needs a path');
  if (files.length > 1)
    throw new UsageError('--reject-file goes with one FILE: lines of several cannot be told apart');
}

function checkNumber(option: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`${option} must be a whole number from ${min} to ${max}`);
  }
}
