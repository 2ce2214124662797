import { whyNotCompared } from './compare.js';
import type { BenchResult } from './result.js';

type Shape = BenchResult['options'];

const small: Shape = {
  events: 20_000_000,
  users: 1_000_000,
  days: 84,
  historyDays: 0,
  uniform: false,
  zones: ['UTC'],
};
const large: Shape = { ...small, events: 100_000_000 };

test('five times the events of the same shape are compared', () => {
  expect(whyNotCompared(large, small)).toEqual([]);
});

test('what the file of an older run does not say is the default', () => {
  const now: Shape = { ...large, indexOnly: false, sets: ['native', 'portable'], parts: ['queries'] };
  expect(whyNotCompared(now, small)).toEqual([]);
  expect(whyNotCompared({ ...now, indexOnly: true }, small)).toEqual([
    'it is of --index-only false, this run of true',
  ]);
});

test.each<[Partial<Shape>, string]>([
  [{ users: 50_000 }, 'it is of --users 50000, this run of 1000000'],
  [{ days: 90 }, 'it is of --days 90, this run of 84'],
  [{ historyDays: 1_095 }, 'it is of --history-days 1095, this run of 0'],
  [{ uniform: true }, 'it is of --uniform true, this run of false'],
  [{ zones: ['UTC', 'America/New_York'] }, 'it is of zones UTC and America/New_York, this run of UTC'],
  [
    { events: 20_000_001 },
    'a run is compared with one of at most 1/5 of its events, and it is of 20,000,001, this run of 100,000,000',
  ],
  [{ sets: ['native'] }, 'it has no times of portable bitmaps'],
  [{ parts: ['peers', 'writes'] }, 'it has no times: --only leaves out queries'],
])('a run of %j is not', (other, why) => {
  expect(whyNotCompared(large, { ...small, ...other })).toEqual([why]);
});

test('nor is a run without questions', () => {
  expect(whyNotCompared({ ...large, parts: ['writes'] }, small)).toEqual([
    'this run has no times: --only leaves out queries',
  ]);
});
