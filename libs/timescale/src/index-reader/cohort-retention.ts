import type { UserSet } from '@event-analytics/user-sets';
import type { RetentionCohort } from '../queries/retention_count.js';
import { pieceOf, type Piece, type Question, type UserRange } from './question.js';

/** Days since 1970-01-01, inclusive. */
export interface DayWindow {
  first: number;
  last: number;
}

export interface RetentionWindows {
  /** Consecutive: one for each cohort, and as many more as there are offsets past 0. At least one. */
  windows: readonly DayWindow[];
  cohorts: number;
  mode: 'classic' | 'unbounded';
  bornEvent?: string | undefined;
  returnEvent?: string | undefined;
}

/**
 * Cohort k is who was active in window k and never before. Windows are taken one after another, so that no
 * more than one of them is needed at once, beside the cohorts, which share no users.
 */
export function cohortRetention(o: RetentionWindows): Question<RetentionCohort[]> {
  const offsets = o.windows.length - o.cohorts;
  const cohorts: UserSet[] = [];
  const table = Array.from({ length: o.cohorts }, () => ({
    size: 0,
    retained: Array.from({ length: offsets + 1 }, () => 0),
  }));
  const returned = returnRanges(o);
  const born = bornPieces(o, (cohort) => {
    const row = table[cohorts.length];
    if (row !== undefined) row.size = cohort.size;
    cohorts.push(cohort);
  });

  /** Who of each cohort is among the active of this window. */
  const fill = (window: number, active: UserSet): void => {
    for (let k = Math.max(0, window - offsets); k <= Math.min(window, o.cohorts - 1); k++) {
      const cohort = cohorts[k];
      const row = table[k];
      if (cohort !== undefined && row !== undefined) row.retained[window - k] = cohort.andSize(active);
    }
  };

  const pieces =
    o.mode === 'classic'
      ? returned.flatMap((range, window) => [
          ...born.slice(window, window + 1),
          pieceOf(range, (active) => fill(window, active)),
        ])
      : [...born, ...fromTheEnd(o, returned, fill)];
  return { pieces, result: () => table };
}

function returnRanges({ windows, returnEvent }: RetentionWindows): UserRange[] {
  return windows.map((window) => ({ eventType: returnEvent, ...window }));
}

/** One for each cohort; they have to be taken in their order. */
function bornPieces(o: RetentionWindows, onCohort: (users: UserSet) => void): Piece[] {
  const begin = o.windows[0]?.first ?? 0;
  const earlier: UserRange = { eventType: o.bornEvent, first: -Infinity, last: begin - 1 };
  let before: UserSet | undefined;
  return o.windows.slice(0, o.cohorts).map((window, k): Piece => {
    const range: UserRange = { eventType: o.bornEvent, ...window };
    return {
      ranges: k === 0 ? [earlier, range] : [range],
      use: (usersOf) => {
        before ??= usersOf(earlier).clone();
        const active = usersOf(range);
        onCohort(active.minus(before));
        before.add(active);
      },
    };
  });
}

/** Active in a window or any later one: what comes after the last window counts, too. */
function fromTheEnd(
  { windows, returnEvent }: RetentionWindows,
  returned: readonly UserRange[],
  fill: (window: number, active: UserSet) => void,
): Piece[] {
  const after: UserRange = {
    eventType: returnEvent,
    first: (windows.at(-1)?.last ?? 0) + 1,
    last: Infinity,
  };
  let later: UserSet | undefined;
  const end = pieceOf(after, (users) => (later = users.clone()));
  const pieces = returned.map((range, window) =>
    pieceOf(range, (active) => {
      if (later === undefined) return;
      later.add(active);
      fill(window, later);
    }),
  );
  return [end, ...pieces.reverse()];
}
