import type { Sql } from '../database.js';
import { measureActivityLog } from '../queries/activity_log_measure.js';
import { nextStretch } from '../queries/activity_log_stretch_next.js';
import { takeActivityLog } from '../queries/activity_log_take.js';
import { takeDaysOfActivityLog } from '../queries/activity_log_take_days.js';
import type { ActivityEntries } from './activity.js';
import { foldEntries, type FoldMemory } from './fold.js';
import type { FoldState } from './fold-state.js';

/** More is to be folded first, in transactions of its own: this one is to be short, and small in memory. */
const ROWS_MAX = 200;
const ENTRIES_MAX = 60_000;
/** For there are no more rows than ROWS_MAX. */
const NO_LIMIT = { entriesMax: Number.MAX_SAFE_INTEGER, workMax: Number.MAX_SAFE_INTEGER, types: 0 };

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
  const { entries: ofDays } = await takeDaysOfActivityLog(sql, NO_LIMIT);
  const parts: (readonly ActivityEntries[])[] = [ofDays];
  for (const historical of [true, false]) {
    parts.push(await takeActivityLog(sql, { historical }, NO_LIMIT));
  }
  for (let stretch = await nextStretch(sql); stretch !== undefined; stretch = await nextStretch(sql)) {
    parts.push(await takeActivityLog(sql, stretch, NO_LIMIT));
  }
  // All at once: a key gets one row of a fold.
  await foldEntries(sql, memory, state, parts.flat(), { historical: true });
  return { entries, postponed: false };
}
