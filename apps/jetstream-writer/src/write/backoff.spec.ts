import { createRetryTiming } from './backoff.js';

test('grows from 100 ms to 5 s at most, with half of it left to chance', () => {
  const longest = createRetryTiming(() => 1);
  expect([1, 2, 3, 6, 7, 100].map((n) => longest.delayMs(n))).toEqual([100, 200, 400, 3_200, 5_000, 5_000]);
  const shortest = createRetryTiming(() => 0);
  expect([1, 2, 100].map((n) => shortest.delayMs(n))).toEqual([50, 100, 2_500]);
});

test('stopping ends the wait', async () => {
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(), 10);
  const startedMs = Date.now();
  await createRetryTiming().pause(5_000, stopping.signal);
  expect(Date.now() - startedMs).toBeLessThan(1_000);
});
