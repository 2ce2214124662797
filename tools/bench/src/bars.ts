import { count, short } from './numbers.js';
import { table } from './report-table.js';

/** What a figure must be. */
export interface Limit {
  atMost?: number;
  atLeast?: number;
  below?: number;
}

export interface Bar extends Limit {
  name: string;
  unit: string;
}

/** A bar for one figure of a run. */
export interface FigureBar<Result> extends Bar {
  /** undefined where that part was not run; no number where it was, and could not be measured. */
  figure(result: Result): number | undefined;
  /** Shown, and nothing is missed. */
  stretch?: true;
}

/** Each figure that misses its bar, in words. @param from who demands it */
export function missedOf<Result>(bars: readonly FigureBar<Result>[], result: Result, from: string): string[] {
  return bars.flatMap((bar) => {
    const value = bar.figure(result);
    if (value === undefined || bar.stretch || holds(bar, value)) return [];
    return [missedLine(bar.name, bar, value, from)];
  });
}

export function missedLine(name: string, bar: Bar, value: number, from: string): string {
  return `${name}: ${short(value)} ${bar.unit}, to be ${limitOf(bar)} (${from})`;
}

/** Lines of a report, of what was run. */
export function barsLines<Result>(bars: readonly FigureBar<Result>[], result: Result): string[] {
  const rows = bars.flatMap((bar) => {
    const value = bar.figure(result);
    if (value === undefined) return [];
    const verdict = holds(bar, value) ? 'holds' : bar.stretch ? 'not yet' : 'MISSED';
    return [[bar.name, `${limitOf(bar)} ${bar.unit}`, short(value), verdict]];
  });
  return rows.length === 0 ? [] : ['', ...table([['', 'bar', 'measured', ''], ...rows])];
}

/** What is no number was not measured, and holds nothing. */
export function holds(
  { atMost = Infinity, atLeast = -Infinity, below = Infinity }: Limit,
  value: number,
): boolean {
  return value <= atMost && value >= atLeast && value < below;
}

function limitOf({ atMost, atLeast, below }: Limit): string {
  if (atMost !== undefined) return `at most ${count(atMost)}`;
  return below === undefined ? `at least ${count(atLeast ?? 0)}` : `below ${count(below)}`;
}
