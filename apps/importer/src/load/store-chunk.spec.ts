import type { WritableEvent } from '@event-analytics/timescale';

import type { JudgedChunk } from '../read/chunk.js';
import type { RejectedRow } from './rejected-row.js';
import { storeChunk, type StoreOptions } from './store-chunk.js';

type Failure = 'retryable' | 'poison' | 'fault';

class FakeFailure extends Error {
  constructor(readonly kind: Failure) {
    super(kind);
  }
}

const chunkOf = (count: number, rejected: RejectedRow[] = []): JudgedChunk => ({
  events: Array.from({ length: count }, (_, i) => ({
    event_id: `${i}`,
    user_id: 'u',
    event_type: 't',
    occurred_at: '',
    properties: {},
  })),
  rejected,
  rowOf: (i) => ({ line: i + 2, bytes: Uint8Array.of(i) }),
});

const BAD_ROW: RejectedRow = { line: 99, bytes: Uint8Array.of(), code: 'invalid_csv', message: 'bad' };

function options(failureOf: (ids: number[]) => Failure | undefined) {
  let nowMs = 0;
  const log: string[] = [];
  const waitedMs: number[] = [];
  const attempt = <T>(what: string, events: readonly WritableEvent[], result: T): Promise<T> => {
    const ids = events.map((event) => Number(event.event_id));
    const failure = failureOf(ids);
    if (failure) return Promise.reject(new FakeFailure(failure));
    log.push(`${what} ${ids.join(' ')}`);
    return Promise.resolve(result);
  };
  const o: StoreOptions = {
    write: (events, { rejected }) =>
      attempt(`write rejected=${rejected}:`, events, {
        inserted: events.length - 1,
        duplicates: 1,
      }),
    rehearse: (events) => attempt('rehearse', events, undefined),
    reject: (rows) => {
      if (rows.length > 0) log.push(`reject ${rows.map(({ line, code }) => `${line} ${code}`).join(', ')}`);
      return Promise.resolve();
    },
    classify: (error) => ({ kind: (error as FakeFailure).kind, sqlState: '22P05' }),
    retryForMs: 60_000,
    clock: () => nowMs,
    pause: (ms) => {
      waitedMs.push(ms);
      nowMs += ms;
      return Promise.resolve();
    },
    stopped: () => false,
    onRetry: () => undefined,
  };
  return { o, log, waitedMs };
}

test('rejected rows are kept before the chunk is done, and counted', async () => {
  const { o, log } = options(() => undefined);
  const stored = await storeChunk(chunkOf(3, [BAD_ROW]), o);
  expect(stored).toEqual({ inserted: 2, duplicates: 1, rejected: 1 });
  expect(log).toEqual(['reject 99 invalid_csv', 'write rejected=1: 0 1 2']);
});

test('a chunk without an event is marked as done all the same', async () => {
  const { o, log } = options(() => undefined);
  o.write = (events, { rejected }) => {
    log.push(`write ${events.length} ${rejected}`);
    return Promise.resolve({ inserted: 0, duplicates: 0 });
  };
  expect(await storeChunk(chunkOf(0, [BAD_ROW]), o)).toMatchObject({ inserted: 0, rejected: 1 });
  expect(log).toContain('write 0 1');
});

test('rows that the database refuses are found, rejected, and cost no other', async () => {
  const refused = new Set([3, 7]);
  const { o, log } = options((ids) => (ids.some((id) => refused.has(id)) ? 'poison' : undefined));
  const stored = await storeChunk(chunkOf(9, [BAD_ROW]), o);
  expect(stored).toMatchObject({ inserted: 6, duplicates: 1, rejected: 3 });
  expect(log.at(-2)).toBe('reject 5 refused_by_database, 9 refused_by_database');
  expect(log.at(-1)).toBe('write rejected=3: 0 1 2 4 5 6 8');
});

test('rows that are too old are rejected before they are done, once, by their place among those that were written', async () => {
  const { o, log } = options((ids) => (ids.includes(0) ? 'poison' : undefined));
  const { write } = o;
  const retainedFrom = '2024-05-01T00:00:00.000Z';
  o.write = async (events, given) => {
    if (events.length === 3) {
      await given.onTooOld({ indexes: [0], retainedFrom });
      // Tried again, and meanwhile more was dropped.
      await given.onTooOld({ indexes: [0, 2], retainedFrom });
    }
    return { ...(await write(events, given)), inserted: 1, duplicates: 0 };
  };
  const stored = await storeChunk(chunkOf(4), o);
  expect(stored).toEqual({ inserted: 1, duplicates: 0, rejected: 3 });
  expect(log.slice(-3)).toEqual(['reject 3 too_old', 'reject 5 too_old', 'write rejected=1: 1 2 3']);
});

test('what passes is tried again, ever more slowly, and then given up', async () => {
  let failures = 3;
  const passing = options(() => (failures-- > 0 ? 'retryable' : undefined));
  expect(await storeChunk(chunkOf(2), passing.o)).toMatchObject({ inserted: 1 });
  expect(passing.waitedMs).toEqual([100, 200, 400]);

  const lasting = options(() => 'retryable');
  await expect(storeChunk(chunkOf(2), lasting.o)).rejects.toThrow('retryable');
  expect(lasting.waitedMs.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThan(50_000);
  expect(Math.max(...lasting.waitedMs)).toBe(5_000);
});

test.each(['write', 'rehearse'] as const)('a fault of ours in %s is not tried again', async (step) => {
  const { o, waitedMs } = options((ids) => (ids.length === 4 ? 'poison' : undefined));
  if (step === 'write') o.write = () => Promise.reject(new FakeFailure('fault'));
  else o.rehearse = () => Promise.reject(new FakeFailure('fault'));
  await expect(storeChunk(chunkOf(4), o)).rejects.toThrow('fault');
  expect(waitedMs).toEqual([]);
});

test('nothing is stored when the rejected rows cannot be kept', async () => {
  const { o, log } = options(() => undefined);
  o.reject = () => Promise.reject(new Error('full'));
  await expect(storeChunk(chunkOf(3, [BAD_ROW]), o)).rejects.toThrow('full');
  expect(log).toEqual([]);
});
