import yargs from 'yargs';

import { EXIT_CODES_HELP } from './exit-codes.js';
import {
  checkNumber,
  COMMON_OPTIONS,
  DATABASE_HELP,
  UsageError,
  wordsForYargs,
  type DatabaseOption,
  type MessageOptions,
} from './options/common-options.js';
import { exportOptions, exportRequest, type ExportRequest } from './export/export-options.js';
import {
  importId,
  importOptions,
  importRequest,
  resumeOptions,
  resumeRequest,
  type ImportRequest,
  type ResumeRequest,
} from './options/import-options.js';
import { importIdOptions, importListOptions } from './options/imports-options.js';

export { UsageError };

type Command =
  | { command: 'import'; request: ImportRequest }
  | { command: 'import resume'; request: ResumeRequest }
  | { command: 'import status'; id: number }
  | { command: 'import list'; limit: number }
  | { command: 'import undo'; id: number }
  | { command: 'export'; request: ExportRequest }
  | { command: 'migrate'; waitSeconds: number }
  | { command: 'recount'; limit: number }
  | { command: 'reindex'; zones: string[] | undefined };

export type CommandLine = Command & DatabaseOption & MessageOptions;

const NAME_A_COMMAND = 'name a command: import, export, migrate, recount or reindex';

const WAIT_SECONDS_MAX = 3_600;
const DIFFERENCES_MAX = 1_000;
const IMPORTS_MAX = 100_000;

/** Prints help or version and ends the process when asked for; throws UsageError for what it does not know. */
export async function parseCommandLine(argv: string[], version: string): Promise<CommandLine> {
  let parsed: CommandLine | undefined;
  const say = (command: Command, { databaseUrl, json, quiet }: Partial<DatabaseOption> & MessageOptions) => {
    parsed = { ...command, databaseUrl, json, quiet };
  };

  await yargs(wordsForYargs(argv))
    .scriptName('event-importer')
    .usage('$0 <command>\n\nEvents into PostgreSQL and out of it in bulk, and upkeep of the database.')
    .version(version)
    .command('import', 'Import files, and look after imports.', (imports) =>
      imports
        .command(
          '$0 <files..>',
          'Import files. Killed anywhere and run again it goes on where it was; an import of the same file adds nothing.',
          importOptions,
          (args) => say({ command: 'import', request: importRequest(args) }, args),
        )
        .command('list', 'List imports, the latest first.', importListOptions, (args) => {
          checkNumber('--limit', args.limit, 1, IMPORTS_MAX);
          say({ command: 'import list', limit: args.limit }, args);
        })
        .command(
          'status <id>',
          'Say what an import has done, and whether it is at work.',
          importIdOptions,
          (args) => say({ command: 'import status', id: importId(args.id) }, args),
        )
        .command('resume <id> [file]', 'Go on with an import that was not finished.', resumeOptions, (args) =>
          say({ command: 'import resume', request: resumeRequest(args) }, args),
        )
        .command(
          'undo <id>',
          'Remove what an import alone has brought, from events and statistics. What was also sent by itself, or came by another import, stays.',
          importIdOptions,
          (args) => say({ command: 'import undo', id: importId(args.id) }, args),
        )
        .example('$0 import events.csv more.csv.gz', '')
        .example('zcat events.csv.gz | $0 import - --quiet', '')
        .example('$0 import export.json.gz --preset amplitude', '')
        .example('$0 import log.csv --map user_id=visitor --event-id-from user_id,occurred_at,event_type', '')
        .epilogue(`${INPUT_HELP}\n\n${DATABASE_HELP}\n\n${EXIT_CODES_HELP}`),
    )
    .command(
      'export',
      'Write events to a file or to standard output, as CSV, NDJSON or Parquet.',
      exportOptions,
      (args) => say({ command: 'export', request: exportRequest(args) }, args),
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
          .options(COMMON_OPTIONS)
          .epilogue(DATABASE_HELP),
      (args) => {
        checkNumber('--wait-seconds', args.waitSeconds, 0, WAIT_SECONDS_MAX);
        say({ command: 'migrate', waitSeconds: args.waitSeconds }, args);
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
          .options(COMMON_OPTIONS)
          .epilogue(`${DATABASE_HELP}\n\n${EXIT_CODES_HELP}`),
      (args) => {
        checkNumber('--limit', args.limit, 0, DIFFERENCES_MAX);
        say({ command: 'recount', limit: args.limit }, args);
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
          .options(COMMON_OPTIONS)
          .epilogue(DATABASE_HELP),
      (args) => say({ command: 'reindex', zones: args.zone }, args),
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
  return parsed;
}

const INPUT_HELP = `CSV (RFC 4180, UTF-8): the first line names the columns, in any order:
event_id,occurred_at,user_id,event_type,properties_json. NDJSON: an event a line, as in POST /events. Compression, a
byte order mark and CRLF are recognised. Rejected rows are written to the reject file, which can be mended and imported
itself. A summary is printed on standard output as one line of JSON.`;
