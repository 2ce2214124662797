import {
  createLocalClock,
  isLocalDate,
  isTimeZone,
  addDays,
  type LocalDate,
} from '@event-analytics/calendar';
import { parseInstantMs } from '@event-analytics/event-schema';
import type { EventSelection } from '@event-analytics/timescale';
import type { Argv } from 'yargs';

import { COMMON_OPTIONS, fileNamed, UsageError } from '../options/common-options.js';

export const EXPORT_FORMATS = ['csv', 'ndjson', 'parquet'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  format: ExportFormat;
  /** A path; '-' is standard output. */
  output: string;
  gzip: boolean;
  selection: EventSelection;
}

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const ENDINGS: readonly (readonly [RegExp, ExportFormat])[] = [
  [/\.csv$/i, 'csv'],
  [/\.(?:ndjson|jsonl)$/i, 'ndjson'],
  [/\.parquet$/i, 'parquet'],
];

export const EXPORT_HELP = `CSV has the columns event_id,occurred_at,user_id,event_type,properties_json,escaped. A user_id or event_type that a
spreadsheet would take for a formula has a ' in front, and escaped names it: the importer takes it off again. NDJSON is
an event a line, as POST /events takes it. Parquet has the columns event_id, user_id, event_type, occurred_at and
properties. Events come as they lie in the database, about by time. The output gets its name once it is whole.`;

/** Options of `export`. */
export function exportOptions(command: Argv) {
  return command
    .option('from', {
      type: 'string',
      requiresArg: true,
      describe: 'from this day on, or from this instant on (2024-01-31 or 2024-01-31T12:00:00Z)',
    })
    .option('to', {
      type: 'string',
      requiresArg: true,
      describe: 'to the end of this day, or before this instant',
    })
    .option('timezone', {
      type: 'string',
      default: 'UTC',
      requiresArg: true,
      describe: 'IANA time zone of --from and --to where they are days',
    })
    .option('event-type', {
      type: 'string',
      array: true,
      nargs: 1,
      requiresArg: true,
      describe: 'only events of this type; may be given more than once',
    })
    .option('user', {
      type: 'string',
      array: true,
      nargs: 1,
      requiresArg: true,
      describe: 'only events of this user; may be given more than once',
    })
    .option('format', {
      choices: EXPORT_FORMATS,
      requiresArg: true,
      describe: "what is written [default: told by the output's name, else csv]",
    })
    .option('output', {
      alias: 'o',
      type: 'string',
      default: '-',
      defaultDescription: 'standard output',
      requiresArg: true,
      describe: 'the file to write; - is standard output, and the summary is then on standard error',
    })
    .option('gzip', {
      type: 'boolean',
      describe: "compress it [default: told by the output's name]",
    })
    .options(COMMON_OPTIONS)
    .example('$0 export --from 2024-01-01 --to 2024-01-31 --output january.csv.gz', '')
    .example('$0 export --user ada --format ndjson', '')
    .epilogue(EXPORT_HELP);
}

export interface ExportArguments {
  from: string | undefined;
  to: string | undefined;
  timezone: string;
  eventType: string[] | undefined;
  user: string[] | undefined;
  format: ExportFormat | undefined;
  output: string;
  gzip: boolean | undefined;
}

/** @throws UsageError */
export function exportRequest(args: ExportArguments): ExportRequest {
  const output = fileNamed(args.output);
  if (output === '') throw new UsageError('--output needs a path');
  const plainName = output.replace(/\.gz$/i, '');
  const format = args.format ?? ENDINGS.find(([ending]) => ending.test(plainName))?.[1] ?? 'csv';
  const gzip = args.gzip ?? plainName !== output;
  if (format === 'parquet' && output === '-') {
    throw new UsageError('Parquet cannot be written to standard output: name a file with --output');
  }
  if (format === 'parquet' && gzip) {
    throw new UsageError('--gzip does not go with Parquet, which is compressed already');
  }
  return { format, output, gzip, selection: selectionOf(args) };
}

function selectionOf({ from, to, timezone, eventType, user }: ExportArguments): EventSelection {
  if (!isTimeZone(timezone)) {
    throw new UsageError(`--timezone: ${timezone} is no IANA time zone, as Europe/Berlin is`);
  }
  const fromMs = from === undefined ? undefined : bound('--from', from, timezone, 0);
  // The day itself, too.
  const toMs = to === undefined ? undefined : bound('--to', to, timezone, 1);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) {
    throw new UsageError('--from must be before --to');
  }
  return { fromMs, toMs, eventTypes: eventType, userIds: user };
}

function bound(option: string, text: string, zone: string, daysOn: 0 | 1): number {
  if (isLocalDate(text)) return startOfDay(zone, addDays(text, daysOn));
  const instantMs = parseInstantMs(text);
  if (instantMs !== undefined) return instantMs;
  throw new UsageError(
    `${option} must be a day as 2024-01-31, or an instant with an offset as 2024-01-31T12:00:00Z`,
  );
}

/** Some days do not begin at midnight: clocks skip quarters of an hour, and whole days where the date line moved. */
function startOfDay(zone: string, date: LocalDate): number {
  const instantOf = createLocalClock(zone);
  const midnightMs = Date.parse(`${date}T00:00:00Z`);
  for (let localMs = midnightMs; localMs <= midnightMs + DAY_MS; localMs += QUARTER_MS) {
    const instantMs = instantOf(localMs);
    if (instantMs !== undefined) return instantMs;
  }
  throw new UsageError(`${date} never was in ${zone}`);
}
