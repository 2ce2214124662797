import type { StreamMessage } from '@event-analytics/nats-client';
import { collectBatch, type CollectOptions } from './collect-batch.js';

const message = (sequence: number, events: number): StreamMessage => ({
  data: Buffer.from(
    JSON.stringify({
      v: 1,
      received_at: '2024-03-04T10:00:00.000Z',
      events: Array.from({ length: events }, (_, i) => ({
        event_id: `00000000-0000-4000-8000-${String(sequence * 1_000 + i).padStart(12, '0')}`,
        user_id: 'u',
        event_type: 't',
        occurred_at: '2024-03-04T09:59:59.000Z',
        properties: {},
      })),
    }),
  ),
  streamSequence: sequence,
  deliveryCount: 1,
  storedAtMs: 0,
  streamEpoch: '2024-03-04T00:00:00Z',
});

/** Messages and when they come, by a clock that only waiting moves. */
function source(arrivals: { atMs: number; message: StreamMessage }[]) {
  let nowMs = 0;
  const waits: number[] = [];
  return {
    waits,
    clock: () => nowMs,
    next({ waitMs = 0 }: { waitMs?: number } = {}) {
      waits.push(waitMs);
      const first = arrivals[0];
      if (!first || first.atMs > nowMs + waitMs) {
        nowMs += waitMs;
        return Promise.resolve(undefined);
      }
      nowMs = Math.max(nowMs, first.atMs);
      arrivals.shift();
      return Promise.resolve(first.message);
    },
  };
}

const collect = (from: ReturnType<typeof source>, o: Partial<CollectOptions> = {}) =>
  collectBatch(from, {
    maxEvents: 100,
    maxBytes: 1_000_000,
    lingerMs: 20,
    firstWaitMs: 1_000,
    signal: new AbortController().signal,
    clock: from.clock,
    ...o,
  });
const sequences = (batch: Awaited<ReturnType<typeof collectBatch>>) =>
  batch.map((d) => d.message.streamSequence);

test('nothing comes: an empty batch after the first wait', async () => {
  const from = source([]);
  expect(await collect(from)).toEqual([]);
  expect(from.clock()).toBe(1_000);
});

test('a lonely message waits no longer than the linger', async () => {
  const from = source([{ atMs: 500, message: message(1, 3) }]);
  const batch = await collect(from, { maxEvents: 1_000 });
  expect(batch[0]?.entries).toHaveLength(3);
  expect(from.clock()).toBe(520);
});

test('what comes within the linger is merged, what comes later is left', async () => {
  const from = source([0, 5, 15, 21].map((atMs, i) => ({ atMs, message: message(i, 1) })));
  expect(sequences(await collect(from, { maxEvents: 1_000 }))).toEqual([0, 1, 2]);
});

test('where much comes it waits for more, up to five lingers', async () => {
  const from = source([0, 15, 35, 99, 101].map((atMs, i) => ({ atMs, message: message(i, 5) })));
  expect(sequences(await collect(from, { maxEvents: 1_000 }))).toEqual([0, 1, 2, 3]);
  expect(from.clock()).toBe(100);
});

test('takes what is there at once, up to the bound of events, without waiting', async () => {
  const from = source(Array.from({ length: 50 }, (_, i) => ({ atMs: 0, message: message(i, 30) })));
  const batch = await collect(from);
  expect(sequences(batch)).toEqual([0, 1, 2, 3]);
  expect(from.clock()).toBe(0);
});

test('stops at the bound of bytes', async () => {
  const from = source(Array.from({ length: 50 }, (_, i) => ({ atMs: 0, message: message(i, 1) })));
  const bytesOfOne = message(0, 1).data.length;
  expect(sequences(await collect(from, { maxBytes: bytesOfOne * 2 + 1 }))).toEqual([0, 1, 2]);
});

test('without a linger it takes what is there', async () => {
  const from = source([0, 0, 5].map((atMs, i) => ({ atMs, message: message(i, 1) })));
  expect(sequences(await collect(from, { lingerMs: 0 }))).toEqual([0, 1]);
});
