import { resolve } from 'node:path';
import { isTimeZone } from '@event-analytics/calendar';
import type { Argv } from 'yargs';

import { parseMaxRejects, type MaxRejects } from '../load/max-rejects.js';
import { EVENT_FIELDS, PRESET_NAMES, type EventField } from '../read/event-fields.js';
import type { ReadSettings } from '../read/read-settings.js';
import { checkNumber, COMMON_OPTIONS, fileNamed, UsageError } from './common-options.js';

/** How files are to be read: a format that is not named is told by the content. */
export type WantedSettings = Omit<ReadSettings, 'format'> & { format: ReadSettings['format'] | undefined };

/** How an import is done, whatever it is of. */
export interface ImportManner {
  /** Undefined: FILE.rejects.csv, or rejects.csv for standard input. */
  rejectFile: string | undefined;
  /** Undefined: as many as there are. */
  maxRejects: MaxRejects | undefined;
  /** About so many bytes of text are stored in one transaction. */
  chunkBytes: number;
  /** Chunks that are stored at once. */
  connections: number;
}

export interface ImportRequest extends ImportManner {
  /** Paths; '-' is standard input. */
  files: string[];
  settings: WantedSettings;
  dryRun: boolean;
  /** Begins anew where the same file was imported before. */
  again: boolean;
}

export interface ResumeRequest extends ImportManner {
  id: number;
  /** Where the input is now; undefined: where it was. */
  file: string | undefined;
}

const CHUNK_BYTES = 2 * 1024 * 1024;
const CHUNK_BYTES_MIN = 1_024;
const CHUNK_BYTES_MAX = 16 * 1024 * 1024;
const CONNECTIONS_MAX = 16;

const MANNER_OPTIONS = {
  'reject-file': {
    type: 'string',
    requiresArg: true,
    describe: 'where rejected rows go [default: FILE.rejects.csv; rejects.csv for standard input]',
  },
  'max-rejects': {
    type: 'string',
    requiresArg: true,
    describe: 'stop once more rows than N, or than P% of all, were rejected; what is stored stays',
  },
  'chunk-bytes': {
    type: 'number',
    default: CHUNK_BYTES,
    requiresArg: true,
    describe: `about so many bytes of text in one transaction (${CHUNK_BYTES_MIN}-${CHUNK_BYTES_MAX})`,
  },
  connections: {
    type: 'number',
    default: 2,
    requiresArg: true,
    describe: `transactions at once (1-${CONNECTIONS_MAX})`,
  },
} as const;

const SETTINGS_OPTIONS = {
  format: {
    choices: ['csv', 'ndjson', 'parquet'] as const,
    requiresArg: true,
    describe: 'what the files are [default: told by their content]',
  },
  preset: {
    choices: PRESET_NAMES,
    requiresArg: true,
    describe: 'the files are exports of this product',
  },
  map: {
    type: 'string',
    array: true,
    nargs: 1,
    requiresArg: true,
    describe: `FIELD=COLUMN: where a field of the event stands (${EVENT_FIELDS.join(', ')}); of JSON, a path with dots`,
  },
  'extra-columns': {
    choices: ['refuse', 'ignore', 'properties'] as const,
    default: 'refuse',
    requiresArg: true,
    describe: 'what becomes of columns that are no field',
  },
  'default-event-type': {
    type: 'string',
    requiresArg: true,
    describe: 'the event type of rows that have none',
  },
  timestamps: {
    choices: ['rfc3339', 'epoch-seconds', 'epoch-milliseconds'] as const,
    default: 'rfc3339',
    requiresArg: true,
    describe: 'how occurred_at is written',
  },
  timezone: {
    type: 'string',
    requiresArg: true,
    describe: 'the time zone of timestamps without an offset [default: they are rejected]',
  },
  'event-id-from': {
    type: 'string',
    requiresArg: true,
    describe: 'FIELD,FIELD,…: rows have no event_id; it is made of these (UUIDv5), the same of the same',
  },
} as const;

/** Options of `import FILE…`. */
export function importOptions(command: Argv) {
  return command
    .positional('files', {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'CSV, NDJSON or Parquet files, compressed or not; - is standard input',
    })
    .options({ ...SETTINGS_OPTIONS, ...MANNER_OPTIONS, ...COMMON_OPTIONS })
    .option('dry-run', {
      type: 'boolean',
      default: false,
      describe: 'judge every row, write none; needs no database',
    })
    .option('again', {
      type: 'boolean',
      default: false,
      describe: 'begin anew, also where the same file was imported before',
    });
}

/** Options of `import resume ID`. */
export function resumeOptions(command: Argv) {
  return command
    .positional('id', { type: 'number', demandOption: true, describe: 'number of the import' })
    .positional('file', { type: 'string', describe: 'where the file is now [default: where it was]' })
    .options({ ...MANNER_OPTIONS, ...COMMON_OPTIONS });
}

type ImportArguments = Awaited<ReturnType<ReturnType<typeof importOptions>['parseAsync']>>;
type ResumeArguments = Awaited<ReturnType<ReturnType<typeof resumeOptions>['parseAsync']>>;

/** @throws UsageError */
export function importRequest(args: ImportArguments): ImportRequest {
  const files = args.files.map(fileNamed);
  const manner = mannerOf(args);
  checkFiles(files, manner.rejectFile);
  return { ...manner, files, settings: settingsOf(args), dryRun: args.dryRun, again: args.again };
}

/** @throws UsageError */
export function resumeRequest(args: ResumeArguments): ResumeRequest {
  const file = args.file === undefined ? undefined : fileNamed(args.file);
  const manner = mannerOf(args);
  if (file !== undefined) checkFiles([file], manner.rejectFile);
  return { ...manner, id: importId(args.id), file };
}

const ID_MAX = 2_147_483_647;

/** @throws UsageError */
export function importId(id: number): number {
  checkNumber('ID', id, 1, ID_MAX);
  return id;
}

function mannerOf(
  args: Pick<ImportArguments, 'rejectFile' | 'maxRejects' | 'chunkBytes' | 'connections'>,
): ImportManner {
  checkNumber('--chunk-bytes', args.chunkBytes, CHUNK_BYTES_MIN, CHUNK_BYTES_MAX);
  checkNumber('--connections', args.connections, 1, CONNECTIONS_MAX);
  const rejectFile = args.rejectFile === undefined ? undefined : fileNamed(args.rejectFile);
  if (rejectFile === '-')
    throw new UsageError('--reject-file needs a path: standard output is for the summary');
  if (rejectFile === '') throw new UsageError('--reject-file needs a path');
  const maxRejects = args.maxRejects === undefined ? undefined : parseMaxRejects(args.maxRejects);
  if (args.maxRejects !== undefined && maxRejects === undefined) {
    throw new UsageError('--max-rejects must be a whole number, or a percentage as 0.5%');
  }
  return { rejectFile, maxRejects, chunkBytes: args.chunkBytes, connections: args.connections };
}

function settingsOf(args: ImportArguments): WantedSettings {
  const { format, preset, timestamps, timezone, extraColumns, defaultEventType } = args;
  const columns = columnsOf(args.map ?? []);
  const eventIdFrom = args.eventIdFrom === undefined ? undefined : fieldsNamed(args.eventIdFrom);
  if (timezone !== undefined && !isTimeZone(timezone)) {
    throw new UsageError(`--timezone: ${timezone} is no IANA time zone, as Europe/Berlin is`);
  }
  if (preset !== undefined) {
    const others = {
      '--map': args.map,
      '--event-id-from': eventIdFrom,
      '--default-event-type': defaultEventType,
    };
    for (const [option, value] of Object.entries(others)) {
      if (value !== undefined) throw new UsageError(`${option} and --preset do not go together`);
    }
  }
  return { format, preset, columns, extraColumns, defaultEventType, timestamps, timezone, eventIdFrom };
}

function columnsOf(pairs: readonly string[]): Partial<Record<EventField, string>> {
  const columns: Partial<Record<EventField, string>> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const [field, column] = [pair.slice(0, Math.max(at, 0)), pair.slice(at + 1)];
    if (!isField(field) || column === '') {
      throw new UsageError(
        `--map ${pair}: must be FIELD=COLUMN, and FIELD one of ${EVENT_FIELDS.join(', ')}`,
      );
    }
    if (columns[field] !== undefined) throw new UsageError(`--map names ${field} twice`);
    columns[field] = column;
  }
  return columns;
}

function fieldsNamed(list: string): EventField[] {
  const fields = list.split(',').map((field) => field.trim());
  const wrong = fields.find((field) => !isField(field) || field === 'event_id');
  if (wrong !== undefined || new Set(fields).size < fields.length) {
    const possible = EVENT_FIELDS.filter((field) => field !== 'event_id').join(', ');
    throw new UsageError(`--event-id-from must name some of ${possible}, each once, with commas between`);
  }
  return fields.filter(isField);
}

const isField = (text: string): text is EventField => (EVENT_FIELDS as readonly string[]).includes(text);

/** Where the rejected rows of an input go if nothing else is said. */
export function defaultRejectFile(file: string): string {
  return file === '-' ? 'rejects.csv' : `${file}.rejects.csv`;
}

function checkFiles(files: readonly string[], rejectFile: string | undefined): void {
  if (new Set(files).size < files.length) throw new UsageError('the same file is named twice');
  if (rejectFile === undefined) {
    const rejectFiles = new Set(files.map((file) => resolve(defaultRejectFile(file))));
    const both = files.find((file) => file !== '-' && rejectFiles.has(resolve(file)));
    if (both === undefined) return;
    throw new UsageError(`${both} is also where rejected rows of another FILE go: import it by itself`);
  }
  if (files.some((file) => file !== '-' && resolve(file) === resolve(rejectFile))) {
    throw new UsageError('--reject-file would overwrite the input');
  }
  if (files.length > 1)
    throw new UsageError('--reject-file goes with one FILE: lines of several cannot be told apart');
}
