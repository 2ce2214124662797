import { createBackoff, pause } from './backoff.js';

test('doubles up to the maximum, between half and the whole of it, and begins anew after a reset', () => {
  const highest = createBackoff({ minMs: 50, maxMs: 1_000, random: () => 0.999_999 });
  expect(Array.from({ length: 7 }, () => highest.nextMs())).toEqual([50, 100, 200, 400, 800, 1_000, 1_000]);
  const lowest = createBackoff({ minMs: 50, maxMs: 1_000, random: () => 0 });
  expect([lowest.nextMs(), lowest.nextMs()]).toEqual([25, 50]);
  lowest.reset();
  expect(lowest.nextMs()).toBe(25);
});

test('an abort ends a pause early and without an error', async () => {
  const stopping = new AbortController();
  const startedMs = Date.now();
  setTimeout(() => stopping.abort(), 10);
  await pause(5_000, stopping.signal);
  await pause(5_000, stopping.signal);
  expect(Date.now() - startedMs).toBeLessThan(1_000);
});
