import type { UserSet } from '@event-analytics/user-sets';
import type { Sql } from '../database.js';
import { activityOfEvents } from '../queries/activity_of_events.js';
import type { BucketRange } from '../queries/events_extent.js';
import { retainedFromBucket } from '../queries/retained_from_read.js';
import { intArray } from '../sql-text.js';
import { countEntries, type ActivityEntries } from './activity.js';
import { addCounts, type DayCounts } from './add-counts.js';
import { leaveDead, numberEntries, refuse, type FoldMemory } from './fold.js';
import type { FoldState } from './fold-state.js';
import { daysAlone, groupCounts, groupUsers, type NumberedEntries } from './group-activity.js';
import { EVERYTHING, type IndexKey } from './index-key.js';
import { COUNTS, liveIndexes } from './indexes.js';
import { numberTypes } from './numbers.js';
import { affectedDays, type AffectedDays, type TouchedBucket } from './recompute-keys.js';
import { recomputeMonths } from './recompute-months.js';
import { deleteKeys, insertRows } from './segments.js';

/** Read at once: bounds the memory of a large day. */
const ENTRIES_PER_READ = 50_000;
const FIRST_READ_BUCKETS = 8;
const READ_BUCKETS_MAX = 96 * 31;
/** Bitmaps that are sent at once. */
const BATCH_BYTES = 2 * 1024 * 1024;

/**
 * Computes the days, sealed months and counts anew that events were taken from, in all indexes, from the events that
 * the transaction sees: it is REPEATABLE READ, under the fold's lock, and has folded all of the log that it sees. Bits
 * are never subtracted: a user may have been active in another way as well. Whoever remembers anything of an index
 * forgets it.
 * @throws RawDataDroppedError where some of the events of such a day were dropped
 */
export async function recomputeActivity(
  sql: Sql,
  memory: FoldMemory,
  state: FoldState,
  touched: readonly TouchedBucket[],
): Promise<void> {
  if (touched.length === 0) return;
  const retainedFrom = await retainedFromBucket(sql);
  const numbers = await numberTypes(sql, memory.types, state, [{ runs: touched }]);
  const affected = (await liveIndexes(sql))
    .map((index) => affectedDays(index, touched, numbers, retainedFrom))
    .filter(({ types }) => types.size > 0);
  const gathered = affected.map((days) =>
    days.index.zone === COUNTS ? gatherCounts(days) : gatherUsers(memory, days),
  );
  for (const range of joined(affected.flatMap(rangesOf))) {
    await readInParts(sql, range, async (entries) => {
      const { types, numbered } = await numberEntries(sql, memory, state, [entries]);
      for (const one of gathered) one.add(numbered, types);
    });
  }
  for (const one of gathered) leaveDead(memory, await one.write(sql, state.seq));
  const ids = affected.map(({ index }) => index.id);
  await sql`UPDATE activity_indexes SET generation = generation + 1 WHERE id = ANY(${intArray(ids)}::int[])`;
}

/** What is being computed of one index. */
interface Gathered {
  add(entries: readonly NumberedEntries[], types: ReadonlyMap<string, number>): void;
  /** In place of what was there. @returns bytes that lie dead now in activity_users */
  write(sql: Sql, seq: number): Promise<number>;
}

function gatherUsers({ userSets }: FoldMemory, affected: AffectedDays): Gathered {
  const { index, types: typesOf } = affected;
  const zone = daysAlone(index);
  const sets = new Map<string, { key: IndexKey; users: UserSet }>();
  let refused = false;
  return {
    add(entries, types) {
      const grouped = groupUsers(zone, within(affected, entries), types);
      if (grouped === undefined) {
        refused = true;
        return;
      }
      for (const { key, numbers } of grouped) {
        if (!typesOf.get(key.slot)?.has(key.type)) continue;
        const name = `${key.slot} ${key.type}`;
        const users = userSets.of(numbers);
        const found = sets.get(name);
        if (found === undefined) sets.set(name, { key, users });
        else found.users.add(users);
      }
    },
    async write(sql, seq) {
      if (refused) return await refuse(sql, index);
      const keys = [...typesOf].flatMap(([slot, types]) =>
        [...types].map((type): IndexKey => ({ indexId: index.id, unit: 'd', type, slot })),
      );
      const dead = await deleteKeys(sql, keys);
      await insertInBatches(sql, seq, sets.values());
      return dead + (await recomputeMonths(sql, userSets, seq, affected));
    },
  };
}

function gatherCounts(affected: AffectedDays): Gathered {
  const { index, types: typesOf } = affected;
  const counts = new Map<string, DayCounts>();
  return {
    add(entries, types) {
      for (const found of groupCounts(EVERYTHING, within(affected, entries), types)) {
        if (!typesOf.get(found.day)?.has(found.type)) continue;
        const name = `${found.day} ${found.type}`;
        const before = counts.get(name);
        if (before === undefined) counts.set(name, found);
        else before.quarters = before.quarters.concat(found.quarters);
      }
    },
    async write(sql, seq) {
      for (const [day, types] of typesOf) {
        await sql`
          DELETE FROM activity_counts
          WHERE index_id = ${index.id} AND day = ${day} AND type = ANY(${intArray([...types])}::int[])`;
      }
      await addCounts(sql, { indexId: index.id, seq, counts: [...counts.values()] });
      return 0;
    },
  };
}

/** Those that are in the index, of the days that are affected. */
function within({ types, dayOf }: AffectedDays, entries: readonly NumberedEntries[]): NumberedEntries[] {
  return entries.map((some) => ({
    ...some,
    runs: some.runs.filter(({ bucket }) => {
      const day = dayOf(bucket);
      return day !== undefined && types.has(day);
    }),
  }));
}

async function insertInBatches(
  sql: Sql,
  seq: number,
  sets: Iterable<{ key: IndexKey; users: UserSet }>,
): Promise<void> {
  let batch: Parameters<typeof insertRows>[1][number][] = [];
  let bytes = 0;
  for (const { key, users } of sets) {
    const row = { key, seq: String(seq), users: users.toBytes() };
    batch.push(row);
    bytes += row.users.length;
    if (bytes < BATCH_BYTES) continue;
    await insertRows(sql, batch);
    batch = [];
    bytes = 0;
  }
  await insertRows(sql, batch);
}

function rangesOf({ types, rangeOf }: AffectedDays): BucketRange[] {
  return [...types.keys()].map(rangeOf);
}

/** In order, those that meet as one. */
function joined(ranges: readonly BucketRange[]): BucketRange[] {
  const result: BucketRange[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => a.from - b.from)) {
    const last = result.at(-1);
    if (last === undefined || from > last.to) result.push({ from, to });
    else last.to = Math.max(last.to, to);
  }
  return result;
}

async function readInParts(
  sql: Sql,
  range: BucketRange,
  take: (entries: ActivityEntries) => Promise<void>,
): Promise<void> {
  let buckets = FIRST_READ_BUCKETS;
  for (let from = range.from; from < range.to;) {
    const to = Math.min(from + buckets, range.to);
    const entries = await activityOfEvents(sql, { from, to });
    await take(entries);
    const fitting = ((to - from) * ENTRIES_PER_READ) / Math.max(1, countEntries(entries));
    buckets = Math.max(1, Math.min(Math.floor(fitting), 2 * buckets, READ_BUCKETS_MAX));
    from = to;
  }
}
