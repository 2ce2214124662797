import { holds, missedLine, type Bar } from '../bars.js';
import { count } from '../numbers.js';
import type { Sets } from './ask-stats-api.js';
import type { BenchResult, Phase } from './result.js';

/** One measured figure, and where: 'with 1,095 days of history'. */
export interface Figure {
  where: string;
  value: number;
}

/** A bar for a figure that a run has several times. */
export interface FiguresBar extends Bar {
  /** Who says so. */
  from: string;
  /** None where that part was not run. */
  figures(result: BenchResult, other: BenchResult | undefined): Figure[];
}

const ISSUE = 'issue 4, "Must reach"';
const POINT_1 = 'issue 4, point 1';
const RETENTION = /^retention/;
const DAU_OR_TOP = /^(DAU|top)/;

export const BARS: readonly FiguresBar[] = [
  {
    name: 'p99 of DAU and top events',
    atMost: 5,
    unit: 'ms',
    from: ISSUE,
    figures: p99(DAU_OR_TOP, ['native', 'portable']),
  },
  {
    name: 'p99 of retention, native',
    atMost: 15,
    unit: 'ms',
    from: ISSUE,
    figures: p99(RETENTION, ['native']),
  },
  {
    name: 'p99 of retention, portable',
    atMost: 100,
    unit: 'ms',
    from: ISSUE,
    figures: p99(RETENTION, ['portable']),
  },
  { name: 'cold start', atMost: 500, unit: 'ms', from: ISSUE, figures: cold },
  { name: 'SQL / index on retention', atLeast: 1_000, unit: '×', from: ISSUE, figures: ratio('sqlMs') },
  { name: 'DuckDB / index on retention', atLeast: 20, unit: '×', from: ISSUE, figures: ratio('duckDbMs') },
  {
    name: 'bitmaps, an event and zone',
    atMost: 2.5,
    unit: 'bytes',
    from: ISSUE,
    figures: ofPhases(({ sizes, build }) => sizes.bitmapsBytes / sizes.events / build.zones.length),
  },
  {
    name: 'dictionary, a user',
    atMost: 110,
    unit: 'bytes',
    from: ISSUE,
    figures: ofPhases(({ sizes }) => sizes.dictionaryBytes / sizes.users),
  },
  { name: 'p99 to that of the other run', atMost: 1.5, unit: '×', from: ISSUE, figures: compared },
  {
    name: 'writes with folding / deduplicated inserts alone',
    atLeast: 0.55,
    unit: '×',
    from: ISSUE,
    figures: ({ writes }) => (writes ? [{ where: '2 connections', value: writes.ratio }] : []),
  },
  {
    name: 'log folded after the last write',
    atMost: 1_000,
    unit: 'ms',
    from: `${ISSUE}: folding kept up`,
    figures: ({ writes }) => (writes ? [{ where: '2 connections', value: writes.drainMsMax }] : []),
  },
  {
    name: 'memory of the indexer during a backfill',
    atMost: 512,
    unit: 'MB',
    from: POINT_1,
    figures: ({ backfill: b }) =>
      b ? [{ where: `${count(b.events)} events`, value: b.indexerResidentMb }] : [],
  },
  {
    name: 'live events visible during a backfill, p99',
    atMost: 1_000,
    unit: 'ms',
    from: POINT_1,
    figures: ({ backfill: b }) =>
      b ? [{ where: `${count(b.events)} events`, value: b.visibleMs.p99Ms }] : [],
  },
];

/** Each figure that misses its bar, in words. */
export function missedBars(result: BenchResult, other: BenchResult | undefined): string[] {
  return BARS.flatMap((bar) =>
    bar
      .figures(result, other)
      .filter(({ value }) => !holds(bar, value))
      .map(({ where, value }) => missedLine(`${bar.name}, ${where}`, bar, value, bar.from)),
  );
}

export const historyName = ({ historyDays }: Phase): string =>
  historyDays === 0 ? 'no history' : `${count(historyDays)} days of history`;

function p99(name: RegExp, sets: readonly Sets[]) {
  return ({ phases }: BenchResult): Figure[] =>
    asked(phases, name, sets).map(({ where, timing }) => ({ where, value: timing.p99Ms }));
}

function cold({ phases }: BenchResult): Figure[] {
  return asked(phases, /./, ['native', 'portable']).flatMap(({ where, timing: { cold: it } }) =>
    it === undefined ? [] : [{ where, value: Math.max(it.aloneMs, it.inTurnMs) }],
  );
}

function ratio(peer: 'sqlMs' | 'duckDbMs') {
  return ({ phases }: BenchResult): Figure[] =>
    asked(phases, RETENTION, ['native']).flatMap(({ where, timing, question }) => {
      const ms = question[peer];
      return ms === undefined ? [] : [{ where, value: ms / timing.p50Ms }];
    });
}

function ofPhases(value: (phase: Phase) => number) {
  return ({ phases }: BenchResult): Figure[] =>
    phases.map((phase) => ({ where: historyName(phase), value: value(phase) }));
}

function compared({ phases }: BenchResult, other: BenchResult | undefined): Figure[] {
  if (other === undefined) return [];
  const before = new Map(
    asked(other.phases, /./, ['native', 'portable']).map((one) => [one.where, one.timing]),
  );
  return asked(phases, /./, ['native', 'portable']).map(({ where, timing }) => ({
    where,
    value: timing.p99Ms / (before.get(where)?.p99Ms ?? NaN),
  }));
}

function asked(phases: readonly Phase[], name: RegExp, sets: readonly Sets[]) {
  return phases.flatMap((phase) =>
    Object.entries(phase.questions).flatMap(([question, result]) =>
      sets.flatMap((set) => {
        const timing = result.index[set];
        if (timing === undefined || !name.test(question)) return [];
        return [{ where: `${question}, ${set}, ${historyName(phase)}`, timing, question: result }];
      }),
    ),
  );
}
