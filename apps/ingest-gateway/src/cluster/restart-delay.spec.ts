import { restartDelayMs } from './restart-delay.js';

test('doubles with every death in a row, up to a bound', () => {
  expect([1, 2, 3, 4].map(restartDelayMs)).toEqual([100, 200, 400, 800]);
  expect(restartDelayMs(100)).toBe(10_000);
});
