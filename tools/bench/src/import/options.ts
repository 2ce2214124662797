import yargs from 'yargs';
import { givenOf, partNamed } from '../command-line.js';

/** What is measured; --only names them. `scale` only where --scale-rows is given, or --full. */
export const PARTS = ['import', 'copy', 'peer', 'meanwhile', 'scale'] as const;
export type Part = (typeof PARTS)[number];

const DAY_MS = 86_400_000;
/** Between the last row and today: what comes in through the gateway meanwhile is of other days. */
const END_DAYS_AGO = 7;

const NORMAL = {
  rows: 5_000_000,
  'peer-rows': 1_000_000,
  'scale-rows': 0,
  'base-rows': 2_000_000,
  'load-seconds': 20,
  turns: 1,
};
/** Under two minutes on two cores. */
const QUICK: typeof NORMAL = {
  ...NORMAL,
  rows: 500_000,
  'peer-rows': 200_000,
  'load-seconds': 4,
};
const FULL: typeof NORMAL = { ...NORMAL, 'scale-rows': 20_000_000, turns: 3 };

export type BenchOptions = ReturnType<typeof readOptions>;

export function readOptions(args: readonly string[], nowMs: number) {
  const given = parse(args);
  const preset = given.quick ? QUICK : given.full ? FULL : NORMAL;
  const scale = { ...preset, ...givenOf(NORMAL, given) };
  return {
    rows: scale.rows,
    peerRows: Math.min(scale.rows, scale['peer-rows']),
    baseRows: scale['base-rows'],
    scaleRows: scale['scale-rows'],
    loadSeconds: scale['load-seconds'],
    turns: scale.turns,
    users: given.users,
    types: given.types,
    days: given.days,
    order: given.order,
    endMs: (Math.floor(nowMs / DAY_MS) - END_DAYS_AGO) * DAY_MS,
    zones: given.zones.split(','),
    timescaledb: given.timescaledb,
    connections: given.connections,
    importerArgs: given.arg,
    parts: (given.only ?? PARTS).filter((part) => part !== 'scale' || scale['scale-rows'] > 0),
    builds: given.builds,
    quick: given.quick,
    json: given.json,
    check: given.check,
  };
}

function parse(args: readonly string[]) {
  return yargs([...args])
    .scriptName('npm run bench:import --')
    .options({
      rows: { type: 'number', describe: `Rows of the file [${String(NORMAL.rows)}]` },
      'peer-rows': {
        type: 'number',
        describe: `Of these, how many fast-csv with INSERT is given [${String(NORMAL['peer-rows'])}]`,
      },
      'base-rows': {
        type: 'number',
        describe: `Rows of the file that the large one is compared to [${String(NORMAL['base-rows'])}]`,
      },
      'scale-rows': {
        type: 'number',
        describe: `Rows of a large file, which our import alone is given; 0: none [${String(NORMAL['scale-rows'])}]`,
      },
      'load-seconds': {
        type: 'number',
        describe: `How long each load on the gateway lasts [${String(NORMAL['load-seconds'])}]`,
      },
      turns: {
        type: 'number',
        describe: `How often our import and \\copy take turns [${String(NORMAL.turns)}]`,
      },
      users: { type: 'number', default: 1_000_000, describe: 'Users to draw from, with a heavy tail' },
      types: { type: 'number', default: 10, describe: 'Types of events; 10: with the shares of a shop' },
      days: { type: 'number', default: 365, describe: 'Days that the rows are spread over' },
      order: {
        choices: ['time', 'random'] as const,
        default: 'time' as const,
        describe: 'Of the rows: roughly that of their instants, or none',
      },
      zones: { type: 'string', default: 'UTC', describe: 'REPORTING_TIMEZONES of the one that folds' },
      timescaledb: {
        type: 'boolean',
        describe:
          'Insist on TimescaleDB, or with --no-timescaledb on none [default: where the server has it]',
      },
      connections: { type: 'number', default: 64, describe: 'Of the load on the gateway' },
      arg: {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'One more argument for our import, such as --arg=--chunk-bytes=1000000; may be repeated',
      },
      only: {
        type: 'string',
        coerce: (text: string | undefined) => text?.split(',').map((name) => partNamed(PARTS, name)),
        describe: `Parts to run, between commas: ${PARTS.join(', ')}`,
      },
      builds: { type: 'string', describe: 'Another checkout, whose builds of importer and services are run' },
      quick: {
        type: 'boolean',
        default: false,
        describe: 'Under two minutes: fewer rows, noisier figures',
      },
      full: {
        type: 'boolean',
        default: false,
        describe: `Several turns, and a file of ${String(FULL['scale-rows'])} rows besides: half an hour`,
      },
      json: { type: 'string', describe: 'Also write the result to this file' },
      check: { type: 'boolean', default: false, describe: 'Exit with 1 where a figure misses its bar' },
    })
    .check((o) => {
      if (o.quick && o.full) throw new Error('--quick or --full, not both');
      for (const name of ['rows', 'peer-rows', 'base-rows', 'turns', 'users', 'types', 'days'] as const)
        atLeast(name, o[name], 1);
      atLeast('connections', o.connections, 1);
      atLeast('scale-rows', o['scale-rows'], 0);
      const seconds = o['load-seconds'];
      if (seconds !== undefined && !(seconds > 0)) throw new Error('--load-seconds must be a number above 0');
      return true;
    })
    .strict()
    .parseSync();
}

function atLeast(name: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isInteger(value) && value >= least))
    throw new Error(`--${name} must be a whole number of at least ${String(least)}`);
}
