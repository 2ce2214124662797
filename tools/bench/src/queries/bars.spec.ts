import type { WarmTiming } from './ask-stats-api.js';
import type { BackfillResult } from './backfill.js';
import { missedBars } from './bars.js';
import { reportOf } from './report.js';
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
    'DAU 31 days': { index: { native: timing(1) } },
    'retention 12×12 weekly, classic': {
      index: { native: { ...timing(p99Ms), cold: { aloneMs: 1, inTurnMs: 1 } } },
      sqlMs: 1_000,
      duckDbMs: 20,
    },
  },
});

const result = (p99Ms: number): BenchResult => ({
  machine: { cpu: '', cores: 2, node: '', postgres: '', storage: '' },
  options: {
    events: 1_000,
    users: 10,
    days: 84,
    historyDays: 0,
    uniform: false,
    zones: [],
    sets: ['native'],
    parts: ['queries', 'peers'],
  },
  phases: [phase(p99Ms)],
});

test('what is at its bar holds it, by zone and by user', () => {
  expect(missedBars(result(15))).toEqual([]);
});

test('what misses is named, with figure, bar and source', () => {
  expect(missedBars(result(15.1))).toEqual([
    'p99 of retention, native, retention 12×12 weekly, classic, native, no history: 15.1 ms, to be at most 15 (issue 4, "Must reach")',
  ]);
});

test('too little is missed as well, and so is what is no number', () => {
  const slow = result(15);
  Object.assign(slow.phases[0]?.questions['retention 12×12 weekly, classic'] ?? {}, {
    sqlMs: 999,
    duckDbMs: NaN,
  });
  expect(missedBars(slow).map((line) => line.replace(/, retention.*history/, ''))).toEqual([
    'SQL / index on retention: 999 ×, to be at least 1,000 (issue 4, "Must reach")',
    'DuckDB / index on retention: not measured ×, to be at least 20 (issue 4, "Must reach")',
  ]);
});

test('an answer that was computed from events is none of the index', () => {
  const computed = result(1);
  Object.assign(computed.phases[0]?.questions['DAU 31 days']?.index.native ?? {}, { fromIndex: false });
  expect(missedBars(computed)).toEqual([
    'p99 of DAU and top events, DAU 31 days, native, no history: not measured ms, to be at most 5 (issue 4, "Must reach")',
  ]);
});

test('a part that was run must have its figures, any other need not', () => {
  const names = (of: BenchResult) => missedBars(of).map((line) => line.replace(/: .*/, ''));
  const nothing = { ...result(1), phases: [] };
  expect(names(nothing)).toEqual([
    'p99 of DAU and top events',
    'p99 of retention, native',
    'cold start',
    'SQL / index on retention',
    'DuckDB / index on retention',
    'bitmaps, an event and zone',
    'dictionary, a user',
  ]);
  const writes = { ...nothing, options: { ...nothing.options, parts: ['writes' as const] } };
  expect(names(writes)).toEqual([
    'writes with folding / deduplicated inserts alone',
    'log folded after the last write',
  ]);
  expect(names({ ...nothing, options: { ...nothing.options, parts: ['scale'] } })).toEqual([
    'p99 of five times the events, by turns',
  ]);
});

describe('a backfill', () => {
  const backfill: BackfillResult = {
    events: 20_000_000,
    writtenPerSecond: 1,
    foldedPerSecond: 1,
    visibleMs: { requests: 1, p50Ms: 1, p99Ms: 1_000, maxMs: 1 },
    fromIndex: true,
    indexerResidentMb: 512,
  };
  const run = (o: Partial<BackfillResult>): BenchResult => ({
    ...result(1),
    phases: [],
    options: { ...result(1).options, parts: ['backfill'], backfillEvents: o.events ?? backfill.events },
    backfill: { ...backfill, ...o },
  });

  test('is held to its bars', () => {
    expect(missedBars(run({}))).toEqual([]);
    expect(missedBars(run({ indexerResidentMb: 513 }))).toHaveLength(1);
  });

  test('that the index did not count misses', () => {
    expect(missedBars(run({ fromIndex: false }))).toEqual([
      'live events visible during a backfill, p99, 20,000,000 events: not measured ms, to be at most 1,000 (issue 4, point 1)',
    ]);
  });

  test('of fewer events says nothing, neither that it holds nor that it misses', () => {
    const small = run({ events: 50_000, indexerResidentMb: 600 });
    expect(missedBars(small)).toEqual([]);
    expect(reportOf(small)).toMatch(/not measured: .*memory of the indexer during a backfill/);
    expect(reportOf(run({}))).not.toMatch(/not measured: .*memory of the indexer/);
  });
});

test('what was not measured is named in the report', () => {
  expect(reportOf(result(1))).toMatch(/^ {2}not measured: .*p99 of five times the events, by turns;/m);
});

describe('five times the events', () => {
  const run = (o: { p99Ms?: number; scaleEvents?: number; fromIndex?: boolean }): BenchResult => {
    const { p99Ms = 15, scaleEvents = 5_000, fromIndex = true } = o;
    const question = {
      name: 'DAU 31 days',
      sets: 'native' as const,
      few: timing(10),
      many: { ...timing(p99Ms), fromIndex },
    };
    return {
      ...result(1),
      phases: [],
      options: { ...result(1).options, parts: ['scale'], scaleEvents },
      scale: { events: [1_000, scaleEvents], loaded: false, questions: [question] },
    };
  };

  test('may take half as long again', () => {
    expect(missedBars(run({}))).toEqual([]);
    expect(missedBars(run({ p99Ms: 15.1 }))).toEqual([
      'p99 of five times the events, by turns, DAU 31 days, native: 1.51 ×, to be at most 1.5 (issue 4, "Must reach")',
    ]);
  });

  test('are to be answered from the index', () => {
    expect(missedBars(run({ fromIndex: false }))).toHaveLength(1);
  });

  test('are five times as many, or it says nothing', () => {
    const fewer = run({ p99Ms: 100, scaleEvents: 4_999 });
    expect(missedBars(fewer)).toEqual([]);
    expect(reportOf(fewer)).toMatch(/not measured: .*p99 of five times the events/);
  });
});
