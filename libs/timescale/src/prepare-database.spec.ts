import type { DatabaseState } from './check-database.js';
import { DatabaseError } from './errors.js';
import { prepareDatabase, type PrepareDatabaseOptions } from './prepare-database.js';

const READY: DatabaseState = { version: '15.8', storage: 'partitions', migrated: true };
const NEWER: DatabaseState = { ...READY, newer: '0099_more.sql' };

function options(o: Partial<PrepareDatabaseOptions> = {}): PrepareDatabaseOptions & { logged: string[] } {
  const logged: string[] = [];
  const noting = (level: string) => (event: string) => void logged.push(`${level} ${event}`);
  return {
    logged,
    check: () => Promise.resolve(READY),
    newerSchema: 'refuse',
    log: { info: noting('info'), warn: noting('warn'), error: noting('error') },
    pause: () => Promise.resolve(),
    signal: new AbortController().signal,
    ...o,
  };
}

/** The connection fails so often. */
function failing(times: number, error: () => Error) {
  let attempts = 0;
  return {
    attempts: () => attempts,
    migrate: () => ((attempts += 1) <= times ? Promise.reject(error()) : Promise.resolve()),
  };
}
const refused = () => Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
const edited = () => new DatabaseError('migration_edited', 'migration 0002 was changed');

test('tries until the database is there, and says the same trouble once', async () => {
  const { migrate, attempts } = failing(9, refused);
  const o = options({ migrate });
  expect(await prepareDatabase(o).ready).toBe(true);
  expect(attempts()).toBe(10);
  expect(o.logged).toEqual(['warn database_not_ready', 'info database_ready']);
});

test('says it again about every minute', async () => {
  const { migrate } = failing(40, refused);
  const o = options({ migrate });
  await prepareDatabase(o).ready;
  expect(o.logged.filter((line) => line === 'warn database_not_ready')).toHaveLength(3);
});

test('where others migrate it waits for them', async () => {
  let looks = 0;
  const o = options({ check: () => Promise.resolve({ ...READY, migrated: (looks += 1) === 5 }) });
  expect(await prepareDatabase(o).ready).toBe(true);
  expect(o.logged).toEqual(['info database_not_migrated', 'info database_ready']);
});

test('what does not pass by itself is an error, and refused until somebody has put it right', async () => {
  const { migrate } = failing(3, edited);
  const refusals: (string | undefined)[] = [];
  const o = options({
    migrate,
    pause() {
      refusals.push(preparation.refusal());
      return Promise.resolve();
    },
  });
  const preparation = prepareDatabase(o);
  expect(await preparation.ready).toBe(true);
  expect(refusals).toEqual(Array(3).fill('migration 0002 was changed'));
  expect(preparation.refusal()).toBeUndefined();
  expect(o.logged).toEqual(['error database_not_ready', 'info database_ready']);
});

test('a server that is away is nothing to refuse', async () => {
  const { migrate } = failing(1, refused);
  const refusals: (string | undefined)[] = [];
  const preparation = prepareDatabase(
    options({
      migrate,
      pause() {
        refusals.push(preparation.refusal());
        return Promise.resolve();
      },
    }),
  );
  await preparation.ready;
  expect(refusals).toEqual([undefined]);
});

describe.each([
  ['where it migrates', { migrate: () => Promise.reject(new DatabaseError('schema_newer', 'newer')) }],
  ['where others migrate', {}],
])('a schema that a newer version has made, %s', (_where, migrating) => {
  test('is tolerated, with a warning', async () => {
    const o = options({ ...migrating, check: () => Promise.resolve(NEWER), newerSchema: 'tolerate' });
    const preparation = prepareDatabase(o);
    expect(await preparation.ready).toBe(true);
    expect(preparation.refusal()).toBeUndefined();
    expect(o.logged).toEqual(['warn schema_newer', 'info database_ready']);
  });

  test('or refused, until it is not newer any more', async () => {
    const stopping = new AbortController();
    const o = options({
      ...migrating,
      check: () => Promise.resolve(NEWER),
      signal: stopping.signal,
      pause() {
        stopping.abort();
        return Promise.resolve();
      },
    });
    const preparation = prepareDatabase(o);
    expect(await preparation.ready).toBe(false);
    expect(preparation.refusal()).toMatch(/newer/);
    expect(o.logged).toEqual(['error database_not_ready']);
  });
});

test('stopping ends the wait', async () => {
  const stopping = new AbortController();
  const o = options({
    check: () => Promise.reject(refused()),
    signal: stopping.signal,
    pause() {
      stopping.abort();
      return Promise.resolve();
    },
  });
  expect(await prepareDatabase(o).ready).toBe(false);
});
