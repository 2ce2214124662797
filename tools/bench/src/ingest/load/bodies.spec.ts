import { EVENT_TYPES, userId } from '../../queries/population.js';
import { seededRandom } from '../../queries/random.js';
import { createBatchMaker, createBatchPool, createStamper, type Batch } from './bodies.js';

const NOW_MS = Date.UTC(2024, 2, 1, 12, 0, 0, 250);
const maker = createBatchMaker({ users: 50, random: seededRandom(1, 0) });

function oneOf(batches: readonly Batch[]): Batch {
  const [batch] = batches;
  if (batch === undefined) throw new Error('no batch');
  return batch;
}

interface Sent {
  event_id: string;
  user_id: string;
  event_type: string;
  occurred_at: string;
}

function requestIn({ bytes }: Batch) {
  const [head = '', body = ''] = bytes.toString().split('\r\n\r\n');
  return { head, body, events: (JSON.parse(body) as { events: Sent[] }).events };
}

test('a request of events that are valid, just now, and whose users and types are known', () => {
  const batch = oneOf(maker.batches({ batchEvents: 100, withInvalid: false }));
  const stamper = createStamper(() => NOW_MS);
  const sum = stamper.stamp(batch, 1);
  const { head, body, events } = requestIn(batch);
  expect(head).toContain(`content-length: ${String(body.length)}`);
  expect(body.length / 100).toBeGreaterThan(180);
  expect(body.length / 100).toBeLessThan(220);
  expect(events.map((event) => event.user_id)).toEqual([...batch.users].map(userId));
  expect(events.map((event) => event.event_type)).toEqual([...batch.types].map((type) => EVENT_TYPES[type]));
  expect(new Set(events.map((event) => event.occurred_at.slice(0, 19)))).toEqual(
    new Set(['2024-03-01T11:59:59']),
  );
  expect(sum).toBe(
    events.reduce((total, { event_id }) => total + Number.parseInt(event_id.slice(0, 8), 16), 0),
  );
  expect(stamper.day()).toBe('2024-03-01');
});

test('every stamp makes new ids, or of every other event alone', () => {
  const batch = oneOf(maker.batches({ batchEvents: 5, withInvalid: false }));
  const stamper = createStamper(() => NOW_MS);
  const idsAfter = (step: 1 | 2) => {
    stamper.stamp(batch, step);
    return requestIn(batch).events.map((event) => event.event_id);
  };
  const [first, second, third] = [idsAfter(1), idsAfter(1), idsAfter(2)];
  expect(new Set([...first, ...second]).size).toBe(10);
  expect(third.map((id, i) => id === second[i])).toEqual([false, true, false, true, false]);
});

test('one of the events is invalid, and is none of those to be counted', () => {
  const batch = oneOf(maker.batches({ batchEvents: 20, withInvalid: true }));
  createStamper(() => NOW_MS).stamp(batch, 1);
  const { head, events } = requestIn(batch);
  expect(head).toMatch(/^POST \/events\?partial=true /);
  expect(batch.users).toHaveLength(19);
  expect(batch.eventsSent).toBe(20);
  expect(events.filter((event) => event.user_id === '')).toHaveLength(1);
  expect(events.map((event) => event.user_id).filter((user) => user !== '')).toEqual(
    [...batch.users].map(userId),
  );
});

test('a batch in use is not handed out', () => {
  const pool = createBatchPool(maker.batches({ batchEvents: 1, withInvalid: false }).slice(0, 2));
  const [a, b] = [pool.take(), pool.take()];
  expect(a).not.toBe(b);
  expect(() => pool.take()).toThrow('more connections than batches');
  pool.give(a);
  expect(pool.take()).toBe(a);
});
