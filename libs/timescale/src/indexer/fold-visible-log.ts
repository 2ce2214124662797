import type { Sql } from '../database.js';
import { measureActivityLog } from '../queries/activity_log_measure.js';
import { takeActivityLog } from '../queries/activity_log_take.js';
import { takeDaysOfActivityLog } from '../queries/activity_log_take_days.js';
import { foldEntries, type FoldMemory } from './fold.js';
import type { FoldState } from './fold-state.js';

/** More is to be folded first, in transactions of its own: this one is to be short, and small in memory. */
const ROWS_MAX = 200;
const ENTRIES_MAX = 60_000;
/** All days, as their rows are no more than ROWS_MAX. */
const EVERYTHING = { fromDay: undefined, workMax: Number.MAX_SAFE_INTEGER, types: 0 };

export interface VisibleLog {
  entries: number;
  /** Nothing was done: it is too long. */
  postponed: boolean;
}

/**
 * Folds all of the log that the transaction sees: from then on, for the rest of the transaction, the index says exactly
 * what its snapshot of events says.
 */
export async function foldVisibleLog(sql: Sql, memory: FoldMemory, state: FoldState): Promise<VisibleLog> {
  const entries = await measureActivityLog(sql, { rowsMax: ROWS_MAX });
  if (entries === undefined || entries > ENTRIES_MAX) return { entries: 0, postponed: true };
  if (entries === 0) return { entries, postponed: false };
  const parts = [await takeDaysOfActivityLog(sql, EVERYTHING).then((days) => days.entries)];
  for (const historical of [true, false]) {
    parts.push(await takeActivityLog(sql, { historical, entriesMax: ENTRIES_MAX + 1 }));
  }
  // All at once: a key gets one row of a fold.
  await foldEntries(sql, memory, state, parts.flat(), { historical: true });
  return { entries, postponed: false };
}
