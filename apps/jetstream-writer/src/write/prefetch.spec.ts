import { createPrefetch } from './prefetch.js';

const MIB = 1_024 * 1_024;
const prefetch = (bufferBytes = 64 * MIB) => createPrefetch({ lanes: 2, batchEvents: 5_000, bufferBytes });

test('holds little before it knows, and three batches a lane of what it knows', () => {
  const held = prefetch();
  expect(held.maxBytes()).toBe(6 * MIB);
  held.learn({ events: 100, bytes: 100 * 1_000 });
  expect(held.maxBytes()).toBe(2 * 3 * 5_000 * 1_000);
});

test('follows what the events are like now', () => {
  const held = prefetch();
  held.learn({ events: 1, bytes: 10 });
  for (let i = 0; i < 100; i++) held.learn({ events: 10, bytes: 10_000 });
  expect(held.maxBytes()).toBeCloseTo(2 * 3 * 5_000 * 1_000, -4);
  held.learn({ events: 7, bytes: 6_999 });
  expect(Number.isInteger(held.maxBytes())).toBe(true);
});

test('keeps to its bounds, and is not misled by a batch without events', () => {
  const held = prefetch(8 * MIB);
  held.learn({ events: 0, bytes: 1_000 });
  expect(held.maxBytes()).toBe(6 * MIB);
  held.learn({ events: 1, bytes: 200_000 });
  expect(held.maxBytes()).toBe(8 * MIB);
});
