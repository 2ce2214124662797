import type { DatabaseErrorClass, WritableEvent } from '@event-analytics/timescale';
import type { Entry } from './decode-message.js';
import { StoppedError } from './stopped.js';
import { storeEntries, type StoreOptions } from './store-entries.js';

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
  const buried: [string, string][] = [];
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
    bury(buriedEntry, reason) {
      buried.push([buriedEntry.event.event_id, reason]);
      return Promise.resolve();
    },
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
  return { options, stored, sizes, buried, retries, waits, stopping };
}

test('one write when nothing is wrong, none for nothing', async () => {
  const db = database(() => undefined);
  expect(await storeEntries(ids(1_000), db.options)).toEqual({ inserted: 1_000, duplicates: 0 });
  expect(await storeEntries([], db.options)).toEqual({ inserted: 0, duplicates: 0 });
  expect(db.sizes).toEqual([1_000]);
});

test.each([[['e0']], [['e999']], [['e499', 'e500']], [['e1', 'e250', 'e251', 'e998']]])(
  'poison %j is found alone and buried; everybody else is stored, in order',
  async (bad) => {
    const db = database((events) =>
      events.some((e) => bad.includes(e.event_id)) ? poisonError() : undefined,
    );
    const result = await storeEntries(ids(1_000), db.options);
    expect(db.buried).toEqual(bad.map((id) => [id, 'untranslatable_character']));
    expect(db.stored).toEqual(
      ids(1_000)
        .map((e) => e.event.event_id)
        .filter((id) => !bad.includes(id)),
    );
    expect(result.inserted).toBe(1_000 - bad.length);
    expect(db.sizes.length).toBeLessThan(bad.length * 22);
    expect(db.retries).toEqual([]);
  },
);

test('what is too old is buried by name, after the others are stored, and is neither', async () => {
  const db = database(() => undefined);
  db.options.write = (events) => {
    db.sizes.push(events.length);
    const tooOld = { indexes: [0, 3], retainedFrom: '2024-05-01T00:00:00.000Z' };
    return Promise.resolve({ inserted: 7, duplicates: 1, tooOld });
  };
  expect(await storeEntries(ids(10), db.options)).toEqual({ inserted: 7, duplicates: 1 });
  expect(db.buried).toEqual([
    ['e0', 'too_old'],
    ['e3', 'too_old'],
  ]);
  expect(db.sizes).toEqual([10]);
});

test('what is too old and cannot be buried is not written again: its message comes again', async () => {
  const db = database(() => undefined);
  const tooOld = { indexes: [0], retainedFrom: '2024-05-01T00:00:00.000Z' };
  db.options.write = (events) => {
    db.sizes.push(events.length);
    return Promise.resolve({ inserted: 0, duplicates: 0, tooOld });
  };
  db.options.bury = () => Promise.reject(new StoppedError());
  await expect(storeEntries(ids(1), db.options)).rejects.toThrow(StoppedError);
  expect(db.sizes).toEqual([1]);
});

test('a batch that fails only as a whole loses nothing to the dead letters', async () => {
  const db = database((events) => (events.length > 100 ? poisonError() : undefined));
  await storeEntries(ids(1_000), db.options);
  expect(db.buried).toEqual([]);
  expect(db.stored).toHaveLength(1_000);
});

test.each([
  ['passing trouble', passing()],
  ['a fault of ours', new Failure({ kind: 'fault', sqlState: '23514', name: 'check_violation' })],
])('%s is tried again with growing waits until it passes, never buried', async (_what, failure) => {
  const db = database((_events, write) => (write <= 30 ? failure : undefined));
  await storeEntries(ids(1), db.options);
  expect(db.stored).toEqual(['e0']);
  expect(db.buried).toEqual([]);
  expect(db.retries).toHaveLength(30);
  expect(db.waits).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
});

test('trouble in the middle of a bisection does not lead it astray', async () => {
  const db = database((events, write) => {
    if (write % 2 === 0) return passing();
    return events.some((e) => e.event_id === 'e5') ? poisonError() : undefined;
  });
  await storeEntries(ids(10), db.options);
  expect(db.buried).toEqual([['e5', 'untranslatable_character']]);
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
  expect(db.buried).toEqual([]);
});

test('a write under way when stopping comes is finished', async () => {
  const db = database(() => {
    db.stopping.abort();
    return undefined;
  });
  await expect(storeEntries(ids(10), db.options)).resolves.toEqual({ inserted: 10, duplicates: 0 });
});

test('an event that cannot be buried is not forgotten', async () => {
  const db = database(() => poisonError());
  db.options.bury = () => Promise.reject(new StoppedError());
  await expect(storeEntries(ids(2), db.options)).rejects.toThrow(StoppedError);
});
