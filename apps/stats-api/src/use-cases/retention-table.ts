import type { Period } from '@event-analytics/calendar';

export interface CohortCounts {
  size: number;
  /** Users active n windows after the cohort's own; n = 0…windows. */
  retained: number[];
}

export interface CohortRow {
  start: string;
  size: number;
  /** Null where the window has not begun. */
  retained: (number | null)[];
  /** Share of the cohort; null where there is no count, or nobody to share it. */
  rates: (number | null)[];
  complete: boolean[];
}

export interface RetentionTable {
  cohorts: CohortRow[];
  /** Over the cohorts whose window n is over, weighted by their size; null where there are none. */
  average: (number | null)[];
}

/**
 * Gives counts their meaning at an instant: what lies in the future is unknown, not zero. `windows` are the
 * consecutive windows from the first cohort on: one for each cohort, and as many more as there are offsets.
 */
export function retentionTable(
  counts: CohortCounts[],
  windows: readonly Period[],
  asOfMs: number,
): RetentionTable {
  const cohorts = counts.map(({ size, retained }, k): CohortRow => {
    const hasBegun = begun(windows[k], asOfMs);
    const cells = retained.map((count, n) => (hasBegun && begun(windows[k + n], asOfMs) ? count : null));
    return {
      start: windows[k]?.start ?? '',
      size: hasBegun ? size : 0,
      retained: cells,
      rates: cells.map((count) => (count === null || size === 0 ? null : count / size)),
      complete: retained.map((_, n) => over(windows[k + n], asOfMs)),
    };
  });
  const offsets = counts[0]?.retained.length ?? 0;
  return { cohorts, average: Array.from({ length: offsets }, (_, n) => averageAt(cohorts, n)) };
}

function averageAt(cohorts: CohortRow[], n: number): number | null {
  const complete = cohorts.filter((cohort) => cohort.complete[n]);
  const size = complete.reduce((sum, cohort) => sum + cohort.size, 0);
  const retained = complete.reduce((sum, cohort) => sum + (cohort.retained[n] ?? 0), 0);
  return size === 0 ? null : retained / size;
}

function begun(window: Period | undefined, asOfMs: number): boolean {
  return window !== undefined && window.startMs <= asOfMs;
}

/** A window that is over has begun: also the empty one of a day that the zone skipped. */
function over(window: Period | undefined, asOfMs: number): boolean {
  return window !== undefined && window.endMs <= asOfMs;
}
