import { holds, missedLine, type Bar } from '../bars.js';
import { count } from '../numbers.js';
import type { Sets, WarmTiming } from './ask-stats-api.js';
import type { BackfillResult } from './backfill.js';
import { PARTS, SCALE_TIMES, SETS, WHOLE_BACKFILL_EVENTS, type Part } from './options.js';
import type { BenchResult, Phase } from './result.js';

/** One measured figure, and where: 'with 1,095 days of history'. */
export interface Figure {
  where: string;
  value: number;
}

/** What a bar is for: a run has several such figures. */
interface Measured {
  /** Whether the run was to measure it. */
  asked(result: BenchResult): boolean;
  /** None where it was not measured; no number where it was, and is not what it should be. */
  figures(result: BenchResult): Figure[];
}

export interface FiguresBar extends Bar, Measured {
  /** Who says so. */
  from: string;
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
    ...p99(DAU_OR_TOP, SETS),
  },
  {
    name: 'p99 of retention, native',
    atMost: 15,
    unit: 'ms',
    from: ISSUE,
    ...p99(RETENTION, ['native']),
  },
  {
    name: 'p99 of retention, portable',
    atMost: 100,
    unit: 'ms',
    from: ISSUE,
    ...p99(RETENTION, ['portable']),
  },
  { name: 'cold start', atMost: 500, unit: 'ms', from: ISSUE, asked: runs('queries'), figures: cold },
  { name: 'SQL / index on retention', atLeast: 1_000, unit: '×', from: ISSUE, ...ratio('sqlMs') },
  { name: 'DuckDB / index on retention', atLeast: 20, unit: '×', from: ISSUE, ...ratio('duckDbMs') },
  {
    name: 'bitmaps, an event and zone',
    atMost: 2.5,
    unit: 'bytes',
    from: ISSUE,
    ...ofPhases(({ sizes, build }) => sizes.bitmapsBytes / sizes.events / build.zones.length),
  },
  {
    name: 'dictionary, a user',
    atMost: 110,
    unit: 'bytes',
    from: ISSUE,
    ...ofPhases(({ sizes }) => sizes.dictionaryBytes / sizes.users),
  },
  {
    name: 'p99 of five times the events, by turns',
    atMost: 1.5,
    unit: '×',
    from: ISSUE,
    asked: (result) => runs('scale')(result) && isScaled(result.options.events, result.options.scaleEvents),
    figures: scaled,
  },
  {
    name: 'writes with folding / deduplicated inserts alone',
    atLeast: 0.55,
    unit: '×',
    from: ISSUE,
    asked: runs('writes'),
    figures: ({ writes }) => (writes ? [{ where: '2 connections', value: writes.ratio }] : []),
  },
  {
    name: 'log folded after the last write',
    atMost: 1_000,
    unit: 'ms',
    from: `${ISSUE}: folding kept up`,
    asked: runs('writes'),
    figures: ({ writes }) => (writes ? [{ where: '2 connections', value: writes.drainMsMax }] : []),
  },
  {
    name: 'memory of the indexer during a backfill',
    atMost: 512,
    unit: 'MB',
    from: POINT_1,
    ...ofBackfill(({ indexerResidentMb }) => indexerResidentMb),
  },
  {
    name: 'live events visible during a backfill, p99',
    atMost: 1_000,
    unit: 'ms',
    from: POINT_1,
    ...ofBackfill(({ fromIndex, visibleMs }) => (fromIndex ? visibleMs.p99Ms : NaN)),
  },
];

/** Each figure that misses its bar, in words; also that there is none though the run was to measure it. */
export function missedBars(result: BenchResult): string[] {
  return BARS.flatMap((bar) => {
    const figures = bar.figures(result);
    if (figures.length === 0 && bar.asked(result)) return [missedLine(bar.name, bar, NaN, bar.from)];
    return figures
      .filter(({ value }) => !holds(bar, value))
      .map(({ where, value }) => missedLine(`${bar.name}, ${where}`, bar, value, bar.from));
  });
}

export const historyName = ({ historyDays }: Phase): string =>
  historyDays === 0 ? 'no history' : `${count(historyDays)} days of history`;

function runs(...parts: readonly Part[]) {
  return ({ options }: BenchResult): boolean =>
    parts.every((part) => (options.parts ?? PARTS).includes(part));
}

function computesWith({ options }: BenchResult, sets: readonly Sets[]): boolean {
  return sets.some((set) => (options.sets ?? SETS).includes(set));
}

function p99(name: RegExp, sets: readonly Sets[]): Measured {
  return {
    asked: (result) => runs('queries')(result) && computesWith(result, sets),
    figures: ({ phases }) =>
      timings(phases, name, sets).map(({ where, timing }) => ({ where, value: p99Of(timing) })),
  };
}

/** What was computed from events is not the index's. */
const p99Of = ({ fromIndex, p99Ms }: WarmTiming): number => (fromIndex ? p99Ms : NaN);

function cold({ phases }: BenchResult): Figure[] {
  return timings(phases, /./, SETS).flatMap(({ where, timing: { cold: it } }) =>
    it === undefined ? [] : [{ where, value: Math.max(it.aloneMs, it.inTurnMs) }],
  );
}

function ratio(peer: 'sqlMs' | 'duckDbMs'): Measured {
  return {
    asked: (result) => runs('queries', 'peers')(result) && computesWith(result, ['native']),
    figures: ({ phases }) =>
      timings(phases, RETENTION, ['native']).flatMap(({ where, timing, question }) => {
        const ms = question[peer];
        return ms === undefined ? [] : [{ where, value: ms / timing.p50Ms }];
      }),
  };
}

function ofPhases(value: (phase: Phase) => number): Measured {
  return {
    asked: (result) => runs('queries')(result) || runs('peers')(result),
    figures: ({ phases }) => phases.map((phase) => ({ where: historyName(phase), value: value(phase) })),
  };
}

/** A small backfill holds its bars without saying anything. */
function ofBackfill(value: (backfill: BackfillResult) => number): Measured {
  const isWhole = (events: number | undefined): boolean => (events ?? Infinity) >= WHOLE_BACKFILL_EVENTS;
  return {
    asked: (result) => runs('backfill')(result) && isWhole(result.options.backfillEvents),
    figures: ({ backfill }) =>
      backfill && isWhole(backfill.events)
        ? [{ where: `${count(backfill.events)} events`, value: value(backfill) }]
        : [],
  };
}

/** Of fewer than that it says nothing. */
const isScaled = (few: number, many = Infinity): boolean => many >= SCALE_TIMES * few;

function scaled({ scale }: BenchResult): Figure[] {
  if (scale === undefined || !isScaled(...scale.events)) return [];
  return scale.questions.map(({ name, sets, few, many }) => ({
    where: `${name}, ${sets}`,
    value: p99Of(many) / p99Of(few),
  }));
}

function timings(phases: readonly Phase[], name: RegExp, sets: readonly Sets[]) {
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
