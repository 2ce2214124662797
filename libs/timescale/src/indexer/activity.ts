import { QUARTERS_PER_DAY } from '../quarter-counts.js';
import type { Names } from './names.js';

/** What users did, to the quarter of an hour. An entry is a user of a run, and some of its events: it may come again. */
export interface ActivityEntries {
  runs: readonly ActivityRun[];
  /** Of the entries of all runs, by their positions. Those of none are to be left alone. */
  users: Names;
  /** How many events each entry is, by the same positions; undefined: one each. */
  counts: readonly number[] | undefined;
}

/** The entries of one type in one quarter of an hour: those at the positions [first, end). */
export interface ActivityRun {
  /** floor(epoch seconds / 900) */
  bucket: number;
  event_type: string;
  first: number;
  end: number;
}

export function countEntries({ runs }: ActivityEntries): number {
  return runs.reduce((sum, { first, end }) => sum + end - first, 0);
}

/** UTC days that have entries. */
export function countDays(rows: readonly ActivityEntries[]): number {
  const days = new Set<number>();
  for (const { runs } of rows) for (const { bucket } of runs) days.add(Math.floor(bucket / QUARTERS_PER_DAY));
  return days.size;
}

export function countEvents(entries: Pick<ActivityEntries, 'runs' | 'counts'>): number {
  return entries.runs.reduce((sum, run) => sum + countEventsOf(run, entries.counts), 0);
}

export function countEventsOf(
  { first, end }: { first: number; end: number },
  counts: ActivityEntries['counts'],
): number {
  if (counts === undefined) return end - first;
  let sum = 0;
  for (let i = first; i < end; i++) sum += counts[i] ?? 0;
  return sum;
}

/** Those in the buckets [from, to). Rows that have none there are left out: each would cost its whole length later. */
export function entriesWithin(
  rows: readonly ActivityEntries[],
  { from, to }: { from: number; to: number },
): ActivityEntries[] {
  return rows
    .map((row) => ({ ...row, runs: row.runs.filter(({ bucket }) => bucket >= from && bucket < to) }))
    .filter(({ runs }) => runs.length > 0);
}

/** Those at the positions [start, end). */
export function entriesBetween(entries: ActivityEntries, start: number, end: number): ActivityEntries {
  const runs = entries.runs.map((run) => ({
    ...run,
    first: Math.max(run.first, start),
    end: Math.min(run.end, end),
  }));
  return { ...entries, runs: runs.filter((run) => run.first < run.end) };
}
