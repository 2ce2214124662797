import { areTooMany, parseMaxRejects } from './max-rejects.js';

test.each([
  ['0', { rows: 0 }],
  ['25', { rows: 25 }],
  [' 5% ', { percent: 5 }],
  ['0.1%', { percent: 0.1 }],
  ['100%', { percent: 100 }],
])('%j is %j', (text, max) => expect(parseMaxRejects(text)).toEqual(max));

test.each(['', '%', '-1', '1.5', '101%', '5 %', 'many', '1e3', '99999999999999999999'])(
  '%j is neither',
  (text) => expect(parseMaxRejects(text)).toBeUndefined(),
);

test('so many rows may be rejected, and not one more', () => {
  expect(areTooMany({ rows: 2 }, { rows: 2, rejected: 2 }, false)).toBe(false);
  expect(areTooMany({ rows: 2 }, { rows: 3, rejected: 3 }, false)).toBe(true);
});

test('a share is looked at once there are enough rows for one, or no more', () => {
  const max = { percent: 1 };
  expect(areTooMany(max, { rows: 999, rejected: 900 }, false)).toBe(false);
  expect(areTooMany(max, { rows: 999, rejected: 900 }, true)).toBe(true);
  expect(areTooMany(max, { rows: 1_000, rejected: 10 }, false)).toBe(false);
  expect(areTooMany(max, { rows: 1_000, rejected: 11 }, false)).toBe(true);
  expect(areTooMany(max, { rows: 0, rejected: 0 }, true)).toBe(false);
});
