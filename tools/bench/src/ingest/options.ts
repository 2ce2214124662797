import yargs from 'yargs';
import { givenOf, partNamed } from '../command-line.js';

/** With what each is measured; --only names them. */
export const PARTS = [
  'scenario',
  'sustained',
  'copy',
  'naive',
  'bad-input',
  'freshness',
  'duplicates',
  'gateway',
  'express',
] as const;
export type Part = (typeof PARTS)[number];

const FULL = {
  events: 100_000,
  seconds: 60,
  'turn-seconds': 5,
  turns: 3,
};
/** Under two minutes on two cores. */
const QUICK: typeof FULL = { ...FULL, seconds: 12, 'turn-seconds': 1.5, turns: 2 };

export type BenchOptions = ReturnType<typeof readOptions>;

export function readOptions(args: readonly string[]) {
  const given = parse(args);
  const scale = { ...(given.quick ? QUICK : FULL), ...givenOf(FULL, given) };
  return {
    events: scale.events,
    seconds: scale.seconds,
    turnSeconds: scale['turn-seconds'],
    turns: scale.turns,
    users: given.users,
    connections: given.connections,
    batchEvents: given.batch,
    parts: given.only ?? [...PARTS],
    builds: given.builds,
    env: Object.fromEntries(given.env.map(settingOf)),
    quick: given.quick,
    json: given.json,
    check: given.check,
  };
}

function parse(args: readonly string[]) {
  return yargs([...args])
    .scriptName('npm run bench --')
    .options({
      events: { type: 'number', describe: `Events of the scenario [${String(FULL.events)}]` },
      seconds: {
        type: 'number',
        describe: `How long the sustained load lasts; other loads are parts of it [${String(FULL.seconds)}]`,
      },
      turns: {
        type: 'number',
        describe: `Turns of the gateway alone and its yardstick [${String(FULL.turns)}]`,
      },
      'turn-seconds': { type: 'number', describe: `Length of a turn [${String(FULL['turn-seconds'])}]` },
      users: { type: 'number', default: 100_000, describe: 'Users to draw from, with a heavy tail' },
      connections: {
        type: 'number',
        default: 64,
        describe: 'Kept-alive connections, each waiting for its answer',
      },
      batch: { type: 'number', default: 100, describe: 'Events a request, but for the gateway alone' },
      only: {
        type: 'string',
        coerce: (text: string | undefined) => text?.split(',').map((name) => partNamed(PARTS, name)),
        describe: `Parts to run, between commas: ${PARTS.join(', ')}`,
      },
      builds: { type: 'string', describe: 'Another checkout, whose builds of the services are run' },
      env: {
        type: 'string',
        array: true,
        default: [] as string[],
        describe: 'NAME=value: a setting for all services, such as GATEWAY_WORKERS=2; may be repeated',
      },
      quick: {
        type: 'boolean',
        default: false,
        describe: 'Under two minutes: shorter loads, noisier figures',
      },
      json: { type: 'string', describe: 'Also write the result to this file' },
      check: { type: 'boolean', default: false, describe: 'Exit with 1 where a figure misses its bar' },
    })
    .check((o) => {
      for (const name of ['events', 'turns', 'users', 'connections', 'batch'] as const) {
        const value = o[name];
        if (value !== undefined && !(Number.isInteger(value) && value >= 1))
          throw new Error(`--${name} must be a whole number of at least 1`);
      }
      for (const name of ['seconds', 'turn-seconds'] as const) {
        const value = o[name];
        if (value !== undefined && !(value > 0)) throw new Error(`--${name} must be a number above 0`);
      }
      // The gateway's own limit.
      if (o.batch > 2_000) throw new Error('--batch must be at most 2000');
      if (o.only?.includes('copy') && !o.only.includes('sustained'))
        throw new Error('--only: copy takes the rows of sustained');
      if (o.only?.includes('express') && !o.only.includes('gateway'))
        throw new Error('--only: express takes turns with gateway');
      return true;
    })
    .strict()
    .parseSync();
}

function settingOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--env: ${text} is not NAME=value`);
  return [text.slice(0, at), text.slice(at + 1)];
}
