import type { Database, Sql } from '../database.js';
import { returnToActivityLog } from '../queries/activity_log_return.js';
import { sortIntoActivityLog } from '../queries/activity_log_sort.js';
import { nextStretch, sortedWaiting } from '../queries/activity_log_stretch_next.js';
import { takeActivityLog, type LoggedEntries } from '../queries/activity_log_take.js';
import { takeDaysOfActivityLog } from '../queries/activity_log_take_days.js';
import { countDays, countEntries, countEvents, entriesBetween, type ActivityEntries } from './activity.js';
import { foldEntries, withFold, type FoldMemory } from './fold.js';
import type { FoldState } from './fold-state.js';

/** More than this over the limit is put back. */
const OVER_LIMIT_SHARE = 0.5;
/** History of fewer entries a day is scattered: folded at once, nearly every entry of it would cost rows of its own. */
const ENTRIES_A_DAY_MIN = 50;
/** About so many are sorted at once: the more, the longer are the rows; and it takes as long as a fold. */
const SORTED_ENTRIES = 20_000;

export interface FoldRequest {
  /** Which half of the log: what was more than two days old when it was written, or the rest. */
  historical: boolean;
  /** About how many entries of the log to take. */
  entriesMax: number;
  /**
   * Scattered history of more entries than this is not folded but sorted, for later folds; default: it is folded as it is.
   */
  sortAbove?: number;
}

export interface FoldResult {
  /** Folded: an event each, but where it was logged as arrays. */
  entries: number;
  events: number;
  /** Entries that were sorted, for a later fold. */
  sorted: number;
  /** Whether there may be more. */
  more: boolean;
  /** Zones whose index was given up: an event lies where their days cannot be told. */
  refused: string[];
}

/**
 * Takes rows from the log and puts what they say into all indexes, in one transaction: all of it or, killed
 * anywhere, nothing. One process at a time. Of history first what is not sorted.
 * @returns undefined when another process is folding
 * @throws what the server or driver throws
 */
export async function foldActivityLog(
  db: Database,
  memory: FoldMemory,
  request: FoldRequest,
): Promise<FoldResult | undefined> {
  return await withFold(db, memory, {}, async (sql, state) => {
    const { historical, entriesMax } = request;
    const { taken, sorted } = await takeOrSort(sql, request);
    if (sorted > 0) return { changed: false, result: { ...NOTHING_FOLDED, sorted, more: true } };
    if (historical && taken.length === 0) return await foldSorted(sql, memory, state, entriesMax);
    const result = await foldTaken(sql, memory, state, taken, request);
    const more = result.entries >= entriesMax || (historical && (await sortedWaiting(sql)));
    return { changed: result.entries > 0, result: { ...result, more } };
  });
}

export interface SortedFolded extends FoldResult {
  /** What was folded, in the unit of workMax. */
  work: number;
}

/**
 * A step with history that is sorted: folds days of a stretch, or sorts what there is of the next stretch by day. So it goes
 * round all stretches; what comes of one meanwhile waits for the next round.
 * @param o.workMax about how much to fold: an entry is 1, a row of the index that it goes into 30
 */
export async function foldSortedHistory(
  db: Database,
  memory: FoldMemory,
  { workMax }: { workMax: number },
): Promise<SortedFolded | undefined> {
  return await withFold(db, memory, {}, (sql, state) => foldSorted(sql, memory, state, workMax));
}

const NOTHING_FOLDED: FoldResult = { entries: 0, events: 0, sorted: 0, more: false, refused: [] };

async function foldSorted(
  sql: Sql,
  memory: FoldMemory,
  state: FoldState,
  workMax: number,
): Promise<{ changed: boolean; result: SortedFolded }> {
  // All of a stretch first: each of its days is then folded once in a round.
  let sorted = await sortStretch(sql, memory);
  if (sorted === 0) {
    const { entries, work } = await takeDaysOfActivityLog(sql, { workMax, types: state.nextType });
    if (entries.length > 0) {
      const result = await foldTaken(sql, memory, state, entries, { historical: true });
      return { changed: true, result: { ...result, more: true, work } };
    }
    memory.stretch = await nextStretch(sql, memory.stretch && memory.stretch.stretch + 1);
    sorted = await sortStretch(sql, memory);
  }
  return { changed: false, result: { ...NOTHING_FOLDED, sorted, more: sorted > 0, work: 0 } };
}

/** Sorts entries of the stretch by day. @returns how many */
async function sortStretch(sql: Sql, { stretch }: FoldMemory): Promise<number> {
  if (stretch === undefined) return 0;
  const rows = await takeActivityLog(sql, stretch, { entriesMax: SORTED_ENTRIES });
  if (rows.length > 0) await sortIntoActivityLog(sql, rows, 'day');
  return entriesOf(rows);
}

async function foldTaken(
  sql: Sql,
  memory: FoldMemory,
  state: FoldState,
  taken: readonly ActivityEntries[],
  half: { historical: boolean },
): Promise<FoldResult> {
  const entries = entriesOf(taken);
  if (entries === 0) return NOTHING_FOLDED;
  const events = taken.reduce((sum, row) => sum + countEvents(row), 0);
  const refused = await foldEntries(sql, memory, state, taken, half);
  return { ...NOTHING_FOLDED, entries, events, refused };
}

/** Entries to be folded, or how many were sorted instead. */
async function takeOrSort(
  sql: Sql,
  request: FoldRequest,
): Promise<{ taken: ActivityEntries[]; sorted: number }> {
  const { historical, entriesMax, sortAbove } = request;
  const rows = await takeActivityLog(sql, { historical }, { entriesMax });
  if (!historical || sortAbove === undefined || !isScattered(rows) || !rows.every(isText))
    return { taken: await cutToLimit(sql, rows, request), sorted: 0 };
  const short = SORTED_ENTRIES - entriesOf(rows);
  if (short > 0)
    rows.push(...(await takeActivityLog(sql, { historical, asText: true }, { entriesMax: short })));
  const entries = entriesOf(rows);
  if (entries <= sortAbove) return { taken: rows, sorted: 0 };
  await sortIntoActivityLog(sql, rows, 'stretch');
  return { taken: [], sorted: entries };
}

/** Arrays are what a text cannot hold, or the rest of a row that was folded in part. */
const isText = ({ counts }: ActivityEntries): boolean => counts === undefined;

function isScattered(rows: readonly ActivityEntries[]): boolean {
  return entriesOf(rows) < ENTRIES_A_DAY_MIN * countDays(rows);
}

function entriesOf(rows: readonly ActivityEntries[]): number {
  return rows.reduce((sum, row) => sum + countEntries(row), 0);
}

/**
 * One row of the log holds what one write inserted, thousands of entries: of the last row taken, what is over
 * the limit is put back where it is worth its while.
 */
async function cutToLimit(
  sql: Sql,
  taken: LoggedEntries[],
  { historical, entriesMax }: FoldRequest,
): Promise<ActivityEntries[]> {
  const last = taken.at(-1);
  const over = entriesOf(taken) - entriesMax;
  if (last === undefined || over <= entriesMax * OVER_LIMIT_SHARE) return taken;
  const length = countEntries(last);
  const kept = length - over;
  const entries = { ...entriesBetween(last, kept, length), logged_at: last.logged_at };
  await returnToActivityLog(sql, { historical, entries });
  return [...taken.slice(0, -1), entriesBetween(last, 0, kept)];
}
