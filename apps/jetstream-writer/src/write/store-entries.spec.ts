import type { DatabaseErrorClass, WritableEvent } from '@event-analytics/timescale';
import type { Entry } from './decode-message.js';
import { StoppedError } from './stopped.js';
import { storeEntries, type Stored, type StoreOptions } from './store-entries.js';

const entry = (id: string): Entry => ({
  event: {
    event_id: id,
    user_id: 'u',
    event_type: 't',
    occurred_at: '2024-03-04T00:00:00.000Z',
    properties: {},
  },
  message: {
    data: new Uint8Array(),
    streamSequence: 1,
    deliveryCount: 1,
    storedAtMs: 0,
    streamEpoch: '2024-03-04T00:00:00Z',
  },
  index: 0,
});
const ids = (n: number): Entry[] => Array.from({ length: n }, (_, i) => entry(`e${String(i)}`));

class Failure extends Error {
  constructor(readonly as: DatabaseErrorClass) {
    super(as.name ?? as.kind);
  }
}
const poisonError = () =>
  new Failure({ kind: 'poison', sqlState: '22P05', name: 'untranslatable_character' });
const passing = () => new Failure({ kind: 'retryable', name: 'ECONNREFUSED' });
const slow = () => new Failure({ kind: 'retryable', sqlState: '57014', name: 'query_canceled' });

/** A database that stores all of a write or nothing, and fails as `fails` says. */
function database(fails: (events: readonly WritableEvent[], write: number) => Failure | undefined) {
  const stored: string[] = [];
  const sizes: number[] = [];
  const retries: string[] = [];
  const waits: number[] = [];
  const stopping = new AbortController();
  const options: StoreOptions = {
    write(events) {
      sizes.push(events.length);
      const failure = fails(events, sizes.length);
      if (failure) return Promise.reject(failure);
      stored.push(...events.map((e) => e.event_id));
      return Promise.resolve({ inserted: events.length, duplicates: 0 });
    },
    classify: (error) => (error as Failure).as,
    onRetry: (failure) => retries.push(failure.kind),
    timing: {
      delayMs: (attempt) => attempt,
      pause: (ms) => {
        waits.push(ms);
        return Promise.resolve();
      },
    },
    stopping: stopping.signal,
  };
  return { options, stored, sizes, retries, waits, stopping };
}

const idsAndReasons = ({ unstorable }: Stored) =>
  unstorable.map(({ entry: { event }, reason }) => [event.event_id, reason]);

test('one write when nothing is wrong, none for nothing', async () => {
  const db = database(() => undefined);
  expect(await storeEntries(ids(1_000), db.options)).toEqual({
    inserted: 1_000,
    duplicates: 0,
    unstorable: [],
  });
  expect(await storeEntries([], db.options)).toEqual({ inserted: 0, duplicates: 0, unstorable: [] });
  expect(db.sizes).toEqual([1_000]);
});

test.each([[['e0']], [['e999']], [['e499', 'e500']], [['e1', 'e250', 'e251', 'e998']]])(
  'poison %j is found alone; everybody else is stored, in order',
  async (bad) => {
    const db = database((events) =>
      events.some((e) => bad.includes(e.event_id)) ? poisonError() : undefined,
    );
    const result = await storeEntries(ids(1_000), db.options);
    expect(idsAndReasons(result)).toEqual(bad.map((id) => [id, 'untranslatable_character']));
    expect(result.unstorable[0]?.error).toBe('untranslatable_character');
    expect(db.stored).toEqual(
      ids(1_000)
        .map((e) => e.event.event_id)
        .filter((id) => !bad.includes(id)),
    );
    expect(result.inserted).toBe(1_000 - bad.length);
    expect(db.sizes.length).toBeLessThanOrEqual(bad.length * 2 * Math.ceil(Math.log2(1_000)) + 1);
    expect(db.retries).toEqual([]);
  },
);

test.each([[1], [5_000]])(
  'where all of %i are poison, each is found, in less than two writes an event',
  async (n) => {
    const db = database(poisonError);
    const result = await storeEntries(ids(n), db.options);
    expect(result.unstorable.map(({ entry }) => entry.event.event_id)).toEqual(
      ids(n).map((e) => e.event.event_id),
    );
    expect(db.sizes).toHaveLength(2 * n - 1);
    expect(db.waits).toEqual([]);
  },
);

test('one in 5,000 costs two writes for each halving', async () => {
  const db = database((events) => (events.some((e) => e.event_id === 'e1234') ? poisonError() : undefined));
  const result = await storeEntries(ids(5_000), db.options);
  expect(idsAndReasons(result)).toEqual([['e1234', 'untranslatable_character']]);
  expect(db.stored).toHaveLength(4_999);
  expect(db.sizes.length).toBeLessThanOrEqual(2 * 13 + 1);
});

test('what is too old is told, with the others stored, and is neither', async () => {
  const db = database(() => undefined);
  db.options.write = (events) => {
    db.sizes.push(events.length);
    const tooOld = { indexes: [0, 3], retainedFrom: '2024-05-01T00:00:00.000Z' };
    return Promise.resolve({ inserted: 7, duplicates: 1, tooOld });
  };
  const result = await storeEntries(ids(10), db.options);
  expect(result).toMatchObject({ inserted: 7, duplicates: 1 });
  expect(idsAndReasons(result)).toEqual([
    ['e0', 'too_old'],
    ['e3', 'too_old'],
  ]);
  expect(result.unstorable[0]?.error).toContain('2024-05-01');
  expect(db.sizes).toEqual([10]);
});

test('a batch that fails only as a whole loses nothing to the dead letters', async () => {
  const db = database((events) => (events.length > 100 ? poisonError() : undefined));
  expect((await storeEntries(ids(1_000), db.options)).unstorable).toEqual([]);
  expect(db.stored).toHaveLength(1_000);
});

test.each([
  ['passing trouble', passing()],
  ['a fault of ours', new Failure({ kind: 'fault', sqlState: '23514', name: 'check_violation' })],
])('%s is tried again with growing waits until it passes, never buried', async (_what, failure) => {
  const db = database((_events, write) => (write <= 30 ? failure : undefined));
  expect((await storeEntries(ids(1), db.options)).unstorable).toEqual([]);
  expect(db.stored).toEqual(['e0']);
  expect(db.retries).toHaveLength(30);
  expect(db.waits).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
});

test('trouble in the middle of a bisection does not lead it astray', async () => {
  const db = database((events, write) => {
    if (write % 2 === 0) return passing();
    return events.some((e) => e.event_id === 'e5') ? poisonError() : undefined;
  });
  const result = await storeEntries(ids(10), db.options);
  expect(idsAndReasons(result)).toEqual([['e5', 'untranslatable_character']]);
  expect(db.stored).toHaveLength(9);
});

test('what is too slow twice is written in smaller pieces', async () => {
  const db = database((events) => (events.length > 300 ? slow() : undefined));
  await storeEntries(ids(1_000), db.options);
  expect(db.stored).toHaveLength(1_000);
  expect(db.sizes.filter((size) => size === 1_000)).toHaveLength(2);
  expect(db.sizes).toEqual([1_000, 1_000, 500, 500, 250, 250, 500, 500, 250, 250]);
});

test('one event that is too slow is tried again like anything else', async () => {
  const db = database((_events, write) => (write < 10 ? slow() : undefined));
  await storeEntries(ids(1), db.options);
  expect(db.stored).toEqual(['e0']);
});

test('on stopping it gives up instead of trying again, and buries nothing', async () => {
  const db = database(passing);
  db.options.timing.pause = () => {
    db.stopping.abort();
    return Promise.resolve();
  };
  await expect(storeEntries(ids(10), db.options)).rejects.toThrow(StoppedError);
  expect(db.sizes).toEqual([10]);
});

test('a write under way when stopping comes is finished', async () => {
  const db = database(() => {
    db.stopping.abort();
    return undefined;
  });
  await expect(storeEntries(ids(10), db.options)).resolves.toMatchObject({ inserted: 10 });
});

test('stopped in the middle of a bisection it begins no other write: the messages come again', async () => {
  const db = database((_events, write) => {
    if (write === 3) db.stopping.abort();
    return poisonError();
  });
  await expect(storeEntries(ids(5_000), db.options)).rejects.toThrow(StoppedError);
  expect(db.sizes.length).toBeLessThan(20);
});
