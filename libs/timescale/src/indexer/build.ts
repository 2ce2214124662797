import { unlessLocked } from '../classify-error.js';
import type { Database, Sql } from '../database.js';
import { activityOfEvents } from '../queries/activity_of_events.js';
import { peekActivityLog } from '../queries/activity_log_peek.js';
import { eventsExceed } from '../queries/events_exceed.js';
import { eventsExtent, type BucketRange } from '../queries/events_extent.js';
import { retainedFromBucket } from '../queries/retained_from_read.js';
import { retryTransient } from '../retry-transient.js';
import { countEntries, entriesWithin, type ActivityEntries } from './activity.js';
import { addCounts } from './add-counts.js';
import { leaveDead, newSegments, numberEntries, refuse, withFold, type FoldMemory } from './fold.js';
import type { FoldState } from './fold-state.js';
import { groupCounts } from './group-activity.js';
import { QUARTERS_PER_DAY } from '../quarter-counts.js';
import { intArray } from '../sql-text.js';
import { ANY_TYPE, EVERYTHING, monthOfDay, NOTHING } from './index-key.js';
import { COUNTS, currentMonth, daysOfZone, liveIndexes, type ActivityIndex } from './indexes.js';
import { appendSegments, deleteUsersOf } from './segments.js';

/** Rows of the log that are subtracted from what events say; with more, the log is to be folded first. */
const LOG_ROWS_MAX = 200;
/**
 * Of a stretch of more than a day: where thin history ends, the same length would be far too much. Within a day it is left
 * to the time that steps take, for to count first is to read twice.
 */
const EVENTS_MAX = 250_000;

export interface BuildStep {
  /** The zones that were built on ('' is the counts), and those whose index became ready by it. */
  zones: string[];
  ready: string[];
  refused: string[];
  /** What was read: [from, to) buckets of all there are. */
  range: BucketRange;
  extent: BucketRange;
  /** (bucket, type, user)s that were read. */
  entries: number;
  /** Nothing was done: the log is to be folded first. */
  postponed: boolean;
}

/**
 * Reads the next stretch of events for the indexes that are being built, those that are least far: one
 * transaction, which sees events and log of one moment. What it sees of events is in the index afterwards;
 * what it does not see comes by the log, for the fold now takes entries of this stretch.
 * @param o.bucketsMax how long a stretch
 * @param o.eventsMax how many events may be in it, if it is longer than a day
 * @returns undefined when there is nothing to build, or not now: somebody else has the fold's lock, or compresses events
 */
export async function buildStep(
  db: Database,
  memory: FoldMemory,
  { bucketsMax, eventsMax = EVENTS_MAX }: { bucketsMax: number; eventsMax?: number },
): Promise<BuildStep | undefined> {
  // 40001: another fold committed between this transaction's snapshot and its lock.
  return await retryTransient(() =>
    withFold(db, memory, { repeatableRead: true, before: lockEvents }, async (sql, state) => {
      const building = (await liveIndexes(sql)).filter((index) => index.state === 'building');
      const least = Math.min(...building.map((index) => index.builtBefore));
      const indexes = building.filter((index) => index.builtBefore === least);
      if (indexes.length === 0) return { changed: false, result: undefined };

      const extent = (await eventsExtent(sql)) ?? { from: 0, to: 0 };
      const from = Math.max(least, extent.from);
      const zones = indexes.map(({ zone }) => zone);
      const step = {
        zones,
        ready: [],
        refused: [],
        range: { from, to: from },
        extent,
        entries: 0,
        postponed: false,
      };

      // Before anything is changed: where it is postponed, the next step begins where this one did.
      const log = zones.includes(COUNTS) ? await peekActivityLog(sql, { rowsMax: LOG_ROWS_MAX }) : [];
      if (log === undefined) return { changed: false, result: { ...step, postponed: true } };
      if (least === NOTHING) await beginBuilding(sql, memory, state, indexes);
      const to = await fittingEnd(sql, { from, to: Math.min(from + bucketsMax, extent.to) }, eventsMax);
      const range = { from, to };
      const read = from < to ? await activityOfEvents(sql, range) : undefined;
      const refused = read ? await addToIndexes(sql, memory, state, indexes, { read, log, range }) : [];
      const built = indexes.filter(({ zone }) => !refused.includes(zone));
      const ready = await advance(sql, built, { to, extent });
      const entries = read ? countEntries(read) : 0;
      return { changed: true, result: { ...step, ready, refused, range, entries } };
    }).catch(unlessLocked),
  );
}

/** How many buckets it got on; undefined where there was no step. */
export function bucketsBuilt(step: BuildStep | undefined): number | undefined {
  return step && step.range.to - step.range.from;
}

/**
 * Before the snapshot, as a write locks them. TimescaleDB takes no stronger lock when it compresses what came late into a
 * chunk, and readers then look for it where it is now: an older snapshot sees neither what was there nor what is.
 * @throws 55P03 (lock_not_available) one is being compressed, which takes too long to be waited for: folding waits as well
 */
async function lockEvents(sql: Sql): Promise<void> {
  await sql`LOCK TABLE events IN ROW EXCLUSIVE MODE NOWAIT`;
}

/** Where it is to end, so that it holds no more events than this, or is of a day. */
async function fittingEnd(sql: Sql, { from, to }: BucketRange, eventsMax: number): Promise<number> {
  let end = to;
  while (end - from > QUARTERS_PER_DAY && (await eventsExceed(sql, { from, to: end }, eventsMax)))
    end = from + Math.max(QUARTERS_PER_DAY, Math.ceil((end - from) / 2));
  return end;
}

async function addToIndexes(
  sql: Sql,
  memory: FoldMemory,
  state: FoldState,
  indexes: readonly ActivityIndex[],
  o: { read: ActivityEntries; log: readonly ActivityEntries[]; range: BucketRange },
): Promise<string[]> {
  // What is in the log will be counted when that is folded: unlike a user, an event must not be added twice.
  const toCome = entriesWithin(o.log, o.range).map(negated);
  const { types, numbered } = await numberEntries(sql, memory, state, [o.read, ...toCome]);
  const refused: string[] = [];
  for (const index of indexes) {
    if (index.zone === COUNTS) {
      const counts = groupCounts(o.range.to, numbered, types);
      await addCounts(sql, { indexId: index.id, seq: state.seq, counts });
      continue;
    }
    const segments = newSegments(memory, { ...index, builtBefore: o.range.to }, numbered.slice(0, 1), types);
    if (segments === undefined) {
      leaveDead(memory, await refuse(sql, index));
      refused.push(index.zone);
    } else leaveDead(memory, await appendSegments(sql, memory.userSets, state.seq, segments));
  }
  return refused;
}

function negated(entries: ActivityEntries): ActivityEntries {
  const counts = entries.counts ?? Array.from({ length: entries.users.bounds.length / 2 }, () => 1);
  return { ...entries, counts: counts.map((count) => -count) };
}

/**
 * Before the first step of these indexes. Events from before the watermark were dropped: an index that is
 * built anew takes what the one in its place knows of them, any other lacks them and says so.
 */
async function beginBuilding(
  sql: Sql,
  memory: FoldMemory,
  state: FoldState,
  indexes: readonly ActivityIndex[],
): Promise<void> {
  const retainedFrom = await retainedFromBucket(sql);
  if (retainedFrom === undefined) return;
  for (const { id, zone } of indexes) {
    const [old] = await sql<{ id: number; complete_from: number }[]>`
      SELECT id, complete_from FROM activity_indexes WHERE zone = ${zone} AND state = 'ready'`;
    await sql`UPDATE activity_indexes SET complete_from = ${old?.complete_from ?? retainedFrom} WHERE id = ${id}`;
    if (old === undefined) continue;
    // A step that was postponed could once leave its copy behind.
    if (zone === COUNTS) {
      await sql`DELETE FROM activity_counts WHERE index_id = ${id}`;
      await sql`
        INSERT INTO activity_counts (index_id, day, type, seq, total, quarters)
        SELECT ${id}, day, type, ${state.seq}, total, quarters FROM activity_counts
        WHERE index_id = ${old.id} AND day < ${Math.floor(retainedFrom / QUARTERS_PER_DAY)}`;
    } else {
      leaveDead(memory, await deleteUsersOf(sql, id));
      // The day that the watermark is in may have lost a part: what is read of it is added to this.
      await sql`
        INSERT INTO activity_users (index_id, unit, type, slot, seq, users)
        SELECT ${id}, unit, type, slot, seq, users FROM activity_users
        WHERE index_id = ${old.id} AND unit = 'd' AND slot <= ${daysOfZone(zone).dayOfBucket(retainedFrom)}`;
    }
  }
}

/** Moves the mark of how far these are built; at the end of all events they take the place of the old ones. */
async function advance(
  sql: Sql,
  indexes: readonly ActivityIndex[],
  { to, extent }: { to: number; extent: BucketRange },
): Promise<string[]> {
  const ids = intArray(indexes.map(({ id }) => id));
  if (to < extent.to) {
    await sql`UPDATE activity_indexes SET built_before = ${to} WHERE id = ANY(${ids}::int[])`;
    return [];
  }
  await sql`
    UPDATE activity_indexes old SET state = 'retired'
    FROM activity_indexes new
    WHERE new.id = ANY(${ids}::int[]) AND old.zone = new.zone AND old.state = 'ready'`;
  for (const { id } of indexes) {
    // Months before the first day are empty, and so as good as sealed; where there is none, as in a new index.
    const [first] = await sql<{ slot: number | null }[]>`
      SELECT min(slot) AS slot FROM activity_users WHERE index_id = ${id} AND unit = 'd' AND type = ${ANY_TYPE}`;
    const firstDay = first?.slot ?? null;
    await sql`
      UPDATE activity_indexes
      SET state = 'ready', built_before = ${EVERYTHING}, sealed_types = 0,
        sealed_before = coalesce(${firstDay === null ? null : monthOfDay(firstDay)}::int, ${currentMonth(sql)})
      WHERE id = ${id}`;
  }
  return indexes.map(({ zone }) => zone);
}
