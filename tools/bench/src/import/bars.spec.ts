import { missedBars } from './bars.js';
import type { OurFigures } from './our-import.js';
import { reportOf } from './report.js';
import type { BenchResult } from './result.js';

const ours = (perSecond: number, o: Partial<OurFigures> = {}): OurFigures => ({
  rows: 1_000_000,
  inserted: 999_000,
  rejected: 1_000,
  storedSeconds: 900_000 / perSecond,
  foldedSeconds: 1_000_000 / perSecond,
  peakBytes: 299_000_000,
  cpu: undefined,
  ...o,
});
const yardstick = (perSecond: number) => ({
  rows: 1_000_000,
  seconds: 1_000_000 / perSecond,
  peakBytes: undefined,
  cpu: undefined,
});
const load = (perSecond: number) => ({
  seconds: 10,
  requests: 1,
  events: 1,
  eventsSent: 1,
  eventsPerSecond: perSecond,
  requestsPerSecond: 1,
  latencyMs: { mean: 1, p50: 1, p99: 2, max: 3 },
  answers: { 202: 1 },
  accepted: 1,
  duplicates: 0,
  rejected: 0,
});

const result = (imports: OurFigures[], more: Partial<BenchResult> = {}): BenchResult => ({
  machine: { cpu: '', cores: 2, memoryBytes: 1, node: '', postgres: '', storage: '', redis: '', nats: '' },
  options: {
    rows: 1_000_000,
    users: 1,
    types: 10,
    days: 1,
    order: 'time',
    zones: ['UTC'],
    importerArgs: [],
    parts: [],
    quick: false,
  },
  fileBytes: 1,
  imports,
  seconds: 1,
  ...more,
});
const meanwhile = (during: number, ranThroughout = true): NonNullable<BenchResult['meanwhile']> => ({
  ...{ before: load(120), during: load(during), after: load(80) },
  ...{ imported: 1, importSeconds: 1, ranThroughout },
});

test('what is at its bar holds it', () => {
  const held = result([ours(80_000)], {
    copy: [yardstick(160_000)],
    peer: yardstick(20_000),
    scale: { base: [ours(80_000)], large: ours(80_000 / 1.15) },
    meanwhile: meanwhile(50),
  });
  expect(missedBars(held)).toEqual([]);
});

test('what misses is named, with figure, bar and source; the stretch is only shown', () => {
  const missed = result([ours(79_000, { peakBytes: 300_000_000 })], {
    copy: [yardstick(160_000)],
    peer: yardstick(20_000),
    scale: { base: [ours(100_000)], large: ours(80_000) },
    meanwhile: meanwhile(49),
  });
  expect(missedBars(missed)).toEqual([
    'our import, folded / \\copy: 0.494 ×, to be at least 0.5 (issue 7, "Must reach")',
    'our import, folded / fast-csv with INSERT: 3.95 ×, to be at least 4 (issue 7, "Must reach")',
    'memory of our import: 300 MB, to be below 300 (issue 7, "Must reach")',
    'a row of the large file / of the small one: 1.25 ×, to be at most 1.15 (issue 7, "Must reach")',
    'gateway while an import runs / alone: 0.49 ×, to be at least 0.5 (issue 7, "Must reach")',
  ]);
  expect(reportOf(missed)).toMatch(/the same, stretch +at least 0\.8 × +0\.494 +not yet/);
});

test('each turn is held against the \\copy beside it', () => {
  const turns = { copy: [yardstick(100_000), yardstick(200_000), yardstick(100_000)] };
  expect(missedBars(result([ours(50_000), ours(100_000), ours(10_000)], turns))).toEqual([]);
});

test('an import that ended before the load did measured nothing; what was not run misses nothing', () => {
  expect(missedBars(result([], { meanwhile: meanwhile(100, false) }))).toEqual([
    'gateway while an import runs / alone: not measured ×, to be at least 0.5 (issue 7, "Must reach")',
  ]);
  expect(missedBars(result([]))).toEqual([]);
});

test('the report says where the time of a row goes, and who else was busy', () => {
  const cpu = {
    processes: {
      importer: { micros: 5, systemMicros: 1 },
      'the rest of the machine': { micros: 10 },
    },
    backends: { 'event-importer': { micros: 7.5, systemMicros: 0.25 } },
  };
  const report = reportOf(result([ours(100_000, { cpu })]));
  expect(report).toMatch(/^ *importer +5\.00 \(1\.00\)$/m);
  expect(report).toMatch(/^ *PostgreSQL for: event-importer +7\.50 \(0\.25\)$/m);
  expect(report).toContain('others took 50 % of the machine during our import');
});
