import type { WarmTiming } from './ask-stats-api.js';
import { missedBars } from './bars.js';
import type { BenchResult, Phase } from './result.js';

const timing = (p99Ms: number): WarmTiming => ({
  requests: 300,
  p50Ms: 1,
  p99Ms,
  maxMs: p99Ms,
  fromIndex: true,
});

const phase = (p99Ms: number): Phase => ({
  historyDays: 0,
  loadMs: 1,
  build: { zones: ['UTC', 'Europe/Berlin'], buildMs: 1, sealMs: 1, steps: 1, monthsSealed: 1 },
  sizes: {
    events: 1_000,
    users: 10,
    eventsTableBytes: 1,
    eventsIndexBytes: 1,
    bitmapsBytes: 4_000,
    bitmapsDaysBytes: 1,
    bitmapsMonthsBytes: 1,
    bitmapsRows: 1,
    countsBytes: 1,
    dictionaryBytes: 1_100,
  },
  liveEvents: 0,
  questions: {
    'retention 12×12 weekly, classic': { index: { native: timing(p99Ms) }, sqlMs: 1_000, duckDbMs: 20 },
  },
});

const result = (p99Ms: number): BenchResult => ({
  machine: { cpu: '', cores: 2, node: '', postgres: '', storage: '' },
  options: { events: 1_000, users: 10, days: 84, historyDays: 0, uniform: false, zones: [] },
  phases: [phase(p99Ms)],
});

test('what is at its bar holds it, by zone and by user', () => {
  expect(missedBars(result(15), undefined)).toEqual([]);
});

test('what misses is named, with figure, bar and source', () => {
  expect(missedBars(result(15.1), undefined)).toEqual([
    'p99 of retention, native, retention 12×12 weekly, classic, native, no history: 15.1 ms, to be at most 15 (issue 4, "Must reach")',
  ]);
});

test('too little is missed as well, and so is what is no number', () => {
  const slow = result(15);
  Object.assign(slow.phases[0]?.questions['retention 12×12 weekly, classic'] ?? {}, {
    sqlMs: 999,
    duckDbMs: NaN,
  });
  expect(missedBars(slow, undefined).map((line) => line.replace(/, retention.*history/, ''))).toEqual([
    'SQL / index on retention: 999 ×, to be at least 1,000 (issue 4, "Must reach")',
    'DuckDB / index on retention: not measured ×, to be at least 20 (issue 4, "Must reach")',
  ]);
});

test('times are held against those of another run', () => {
  expect(missedBars(result(15), result(10))).toEqual([]);
  expect(missedBars(result(15), result(9.9))).toHaveLength(1);
});
