import type { Database, Sql } from '../database.js';
import { returnToActivityLog } from '../queries/activity_log_return.js';
import { sortIntoActivityLog } from '../queries/activity_log_sort.js';
import { takeActivityLog, type LoggedEntries } from '../queries/activity_log_take.js';
import { daysWaiting, takeDaysOfActivityLog } from '../queries/activity_log_take_days.js';
import { countDays, countEntries, countEvents, entriesBetween, type ActivityEntries } from './activity.js';
import { foldEntries, withFold, type FoldMemory } from './fold.js';
import type { FoldState } from './fold-state.js';

/** More than this over the limit is put back. */
const OVER_LIMIT_SHARE = 0.5;
/** History of fewer entries a day is scattered: folded at once, nearly every entry of it would cost rows of its own. */
const ENTRIES_A_DAY_MIN = 50;
/** About so many are put in the order of days at once: the more, the longer are the rows; and it takes as long as a fold. */
const SORTED_ENTRIES = 20_000;

export interface FoldRequest {
  /** Which half of the log: what was more than two days old when it was written, or the rest. */
  historical: boolean;
  /** About how many entries of the log to take. */
  entriesMax: number;
  /**
   * Scattered history of more entries than this is not folded but put in the order of days, for a later fold; default:
   * it is folded as it is.
   */
  sortAbove?: number;
}

export interface FoldResult {
  /** Folded: an event each, but where it was logged as arrays. */
  entries: number;
  events: number;
  /** Entries that were put in the order of days, for a later fold. */
  sorted: number;
  /** Whether there may be more. */
  more: boolean;
  /** Zones whose index was given up: an event lies where their days cannot be told. */
  refused: string[];
}

/**
 * Takes rows from the log and puts what they say into all indexes, in one transaction: all of it or, killed
 * anywhere, nothing. One process at a time. Of history first what is not in the order of days.
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
    if (historical && taken.length === 0) return await foldDays(sql, memory, state, entriesMax);
    const result = await foldTaken(sql, memory, state, taken, request);
    const more = result.entries >= entriesMax || (historical && (await daysWaiting(sql)));
    return { changed: result.entries > 0, result: { ...result, more } };
  });
}

export interface DaysFolded extends FoldResult {
  /** What it took, in the unit of workMax. */
  work: number;
}

/**
 * The same with history that is in the order of days.
 * @param o.workMax about how much to take: an entry is 1, a row of the index that it goes into 30
 */
export async function foldSortedHistory(
  db: Database,
  memory: FoldMemory,
  { workMax }: { workMax: number },
): Promise<DaysFolded | undefined> {
  return await withFold(db, memory, {}, (sql, state) => foldDays(sql, memory, state, workMax));
}

const NOTHING_FOLDED: FoldResult = { entries: 0, events: 0, sorted: 0, more: false, refused: [] };

async function foldDays(
  sql: Sql,
  memory: FoldMemory,
  state: FoldState,
  workMax: number,
): Promise<{ changed: boolean; result: DaysFolded }> {
  const fromDay = memory.historyDay;
  const taken = await takeDaysOfActivityLog(sql, { fromDay, workMax, types: state.nextType });
  const result = await foldTaken(sql, memory, state, taken.entries, { historical: true });
  state.afterCommit.push(() => (memory.historyDay = taken.lastDay));
  const changed = result.entries > 0;
  return { changed, result: { ...result, more: changed, work: taken.work } };
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

/** Entries to be folded, or how many were put in the order of days instead. */
async function takeOrSort(
  sql: Sql,
  request: FoldRequest,
): Promise<{ taken: ActivityEntries[]; sorted: number }> {
  const { historical, sortAbove } = request;
  const rows = await takeActivityLog(sql, request);
  if (!historical || sortAbove === undefined || !isScattered(rows) || !rows.every(isText))
    return { taken: await cutToLimit(sql, rows, request), sorted: 0 };
  const short = SORTED_ENTRIES - entriesOf(rows);
  if (short > 0) rows.push(...(await takeActivityLog(sql, { historical, entriesMax: short, asText: true })));
  const entries = entriesOf(rows);
  if (entries <= sortAbove) return { taken: rows, sorted: 0 };
  await sortIntoActivityLog(sql, rows);
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
