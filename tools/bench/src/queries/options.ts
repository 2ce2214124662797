import yargs from 'yargs';
import { givenOf, partNamed } from '../command-line.js';
import type { Sets } from './ask-stats-api.js';

export const PARTS = ['queries', 'peers', 'scale', 'writes', 'backfill'] as const;
export type Part = (typeof PARTS)[number];

export const SETS = ['native', 'portable'] as const satisfies readonly Sets[];

const DAY_MS = 86_400_000;
/** Of the events of the range, so many more lie in the history before it. */
const HISTORY_SHARE = 0.1;

/** What --quick makes of what was not said otherwise: under two minutes, to try it out. */
const QUICK = {
  events: 1_000_000,
  users: 50_000,
  requests: 20,
  'cold-starts': 1,
  'scale-events': 5_000_000,
  'scale-requests': 20,
  'slice-seconds': 2,
  slices: 1,
  'rate-seconds': 2,
  'backfill-events': 50_000,
};
const FULL: typeof QUICK = {
  events: 20_000_000,
  users: 1_000_000,
  requests: 300,
  'cold-starts': 5,
  'scale-events': 100_000_000,
  'scale-requests': 1_000,
  'slice-seconds': 10,
  slices: 3,
  'rate-seconds': 20,
  'backfill-events': 20_000_000,
};

/** With so many times the events the times are to be about the same. */
export const SCALE_TIMES = 5;
/** The backfill that its bars are for. */
export const WHOLE_BACKFILL_EVENTS = FULL['backfill-events'];

export type BenchOptions = ReturnType<typeof readOptions>;

export function readOptions(args: readonly string[], nowMs: number) {
  const given = parse(args);
  const scale = { ...(given.quick ? QUICK : FULL), ...givenOf(FULL, given) };
  const historyDays = given['history-days'];
  return {
    events: scale.events,
    users: scale.users,
    days: given.days,
    historyDays,
    historyEvents: historyDays === 0 ? 0 : Math.round(scale.events * HISTORY_SHARE),
    uniform: given.uniform,
    zones: given.zones === 1 ? ['UTC'] : ['UTC', 'America/New_York'],
    sets: given.sets,
    // The last whole day is yesterday.
    endMs: Math.floor(nowMs / DAY_MS) * DAY_MS,
    requests: scale.requests,
    coldStarts: scale['cold-starts'],
    scaleEvents: scale['scale-events'],
    scaleLoad: given['scale-load'],
    scaleRequests: scale['scale-requests'],
    slices: scale.slices,
    sliceMs: scale['slice-seconds'] * 1_000,
    rateMs: scale['rate-seconds'] * 1_000,
    backfillEvents: scale['backfill-events'],
    parts: given.only ?? PARTS,
    json: given.json,
    check: given.check,
  };
}

function parse(args: readonly string[]) {
  return yargs([...args])
    .scriptName('npm run bench:queries --')
    .options({
      events: { type: 'number', describe: `Events in the range of days [${String(FULL.events)}]` },
      users: { type: 'number', describe: `Users to draw from [${String(FULL.users)}]` },
      days: { type: 'number', default: 84, describe: 'Days of the range; it ends yesterday' },
      'history-days': {
        type: 'number',
        default: 1_095,
        describe:
          'Days before the range, in which a tenth more events lie: everything is measured without and with them; 0: only without',
      },
      uniform: {
        type: 'boolean',
        default: false,
        describe: 'Users and types uniformly at random: the worst case for bitmaps',
      },
      zones: {
        type: 'number',
        choices: [1, 2] as const,
        default: 1 as const,
        describe: 'UTC alone, or New York as well',
      },
      sets: {
        type: 'array',
        choices: SETS,
        default: [...SETS] as Sets[],
        describe: 'Which bitmaps stats-api computes with',
      },
      requests: { type: 'number', describe: `Requests of each question [${String(FULL.requests)}]` },
      'cold-starts': {
        type: 'number',
        describe: `Processes started for each question [${String(FULL['cold-starts'])}]`,
      },
      'scale-events': {
        type: 'number',
        describe: `Events of the part scale, which asks everything of so many and of --events by turns [${String(FULL['scale-events'])}]`,
      },
      'scale-load': {
        type: 'boolean',
        default: false,
        describe:
          'Load the events of the part scale and build the index of them, instead of making that alone: a quarter of an hour for a hundred million',
      },
      'scale-requests': {
        type: 'number',
        describe: `Requests of each question to each in the part scale [${String(FULL['scale-requests'])}]`,
      },
      slices: { type: 'number', describe: `Turns of each kind of writes [${String(FULL.slices)}]` },
      'slice-seconds': { type: 'number', describe: `Length of a turn [${String(FULL['slice-seconds'])}]` },
      'rate-seconds': {
        type: 'number',
        describe: `How long each rate of writes is kept up [${String(FULL['rate-seconds'])}]`,
      },
      'backfill-events': {
        type: 'number',
        describe: `Events of history to be folded [${String(FULL['backfill-events'])}]`,
      },
      only: {
        type: 'string',
        coerce: (text: string | undefined) => text?.split(',').map((name) => partNamed(PARTS, name)),
        describe: `Parts to run, between commas: ${PARTS.join(', ')}. The first two make the data`,
      },
      quick: {
        type: 'boolean',
        default: false,
        describe: 'Small, to try it out: says little about anything',
      },
      json: { type: 'string', describe: 'Also write the result to this file' },
      check: {
        type: 'boolean',
        default: false,
        describe: 'Exit with 1 where a figure misses its bar, or a part that was run has none',
      },
    })
    .check((o) => {
      for (const [name, value] of Object.entries(o)) {
        if (typeof value !== 'number') continue;
        if (!Number.isInteger(value) || value < (name === 'history-days' || name === 'historyDays' ? 0 : 1))
          throw new Error(
            `--${name} must be a whole number of at least ${name.startsWith('history') ? '0' : '1'}`,
          );
      }
      // 12 cohorts of a week, and the month that stickiness looks back.
      if (o.days < 84) throw new Error('--days must be at least 84');
      return true;
    })
    .strict()
    .parseSync();
}
