import type { UserSet } from '@event-analytics/user-sets';
import type { Database, Sql } from '../database.js';
import { intArray } from '../sql-text.js';
import { leaveDead, withFold, type FoldMemory } from './fold.js';
import { firstDayOfMonth, type IndexKey } from './index-key.js';
import { COUNTS, liveIndexes, type ActivityIndex } from './indexes.js';
import { deleteRows, insertRows } from './segments.js';

/** A month is sealed so many days after its end: what is late by less is still usual. */
const SEAL_AFTER_DAYS = 3;
/**
 * Types of a month that are sealed in one transaction: so many bytes of their days, or so many types. What it replaces
 * lies dead until the table is tidied, and the table is larger by that for ever.
 */
const STEP_BYTES = 2 * 1024 * 1024;
const STEP_TYPES_MAX = 1_000;

export interface SealStep {
  zone: string;
  /** Months since January 1970. */
  month: number;
  /** Types that were done by it. */
  types: number;
  /** Whether the month is done. */
  sealed: boolean;
}

/**
 * Gives the next month that is over rows of its own, for some of its types: the union of its days. Rows of
 * its days become one a day and type. From then on folds write into both.
 * @returns undefined when there is nothing to seal, or somebody else has the fold's lock
 */
export async function sealStep(
  db: Database,
  memory: FoldMemory,
  nowMs: number,
  { typesMax = STEP_TYPES_MAX }: { typesMax?: number } = {},
): Promise<SealStep | undefined> {
  return await withFold(db, memory, {}, async (sql, { nextType }) => {
    const lastDay = Math.floor(nowMs / 86_400_000) - SEAL_AFTER_DAYS;
    const due = (await liveIndexes(sql)).find(
      ({ zone, state, sealedBefore }) =>
        zone !== COUNTS && state === 'ready' && firstDayOfMonth(sealedBefore + 1) <= lastDay,
    );
    if (due === undefined) return { changed: false, result: undefined };
    const step = await nextTypes(sql, due, Math.min(due.sealedTypes + typesMax, nextType));
    leaveDead(memory, await sealTypes(sql, memory, due, step.types));
    const sealed = step.before >= nextType;
    await sql`
      UPDATE activity_indexes
      SET sealed_before = ${due.sealedBefore + (sealed ? 1 : 0)}, sealed_types = ${sealed ? 0 : step.before}
      WHERE id = ${due.id}`;
    // Who has taken a snapshot before, and gets the lock after this, begins anew: it would not see what is sealed.
    await sql`UPDATE activity_state SET seq = seq`;
    const { zone, sealedBefore: month } = due;
    // Nothing that a reader remembers is other than before, so this is no fold of its own.
    return { changed: false, result: { zone, month, types: step.types.length, sealed } };
  });
}

/** Types of the month that are not done, and the type that all before are done by them. */
async function nextTypes(
  sql: Sql,
  { id, sealedBefore, sealedTypes }: ActivityIndex,
  before: number,
): Promise<{ types: number[]; before: number }> {
  const rows = await sql<{ type: number; bytes: string }[]>`
    SELECT type, sum(octet_length(users)) AS bytes
    FROM activity_users
    WHERE index_id = ${id} AND unit = 'd' AND type >= ${sealedTypes} AND type < ${before}
      AND slot >= ${firstDayOfMonth(sealedBefore)} AND slot < ${firstDayOfMonth(sealedBefore + 1)}
    GROUP BY type
    ORDER BY type`;
  const types: number[] = [];
  let bytes = 0;
  for (const row of rows) {
    if (types.length > 0 && bytes + Number(row.bytes) > STEP_BYTES) return { types, before: row.type };
    types.push(row.type);
    bytes += Number(row.bytes);
  }
  return { types, before };
}

/** @returns bytes of the rows that were replaced: see FoldMemory.deadBytes */
async function sealTypes(
  sql: Sql,
  { userSets }: FoldMemory,
  { id: indexId, sealedBefore: month }: ActivityIndex,
  types: readonly number[],
): Promise<number> {
  const rows = await sql<{ type: number; slot: number; seq: string; users: Uint8Array }[]>`
    SELECT type, slot, seq, users
    FROM activity_users
    WHERE index_id = ${indexId} AND unit = 'd' AND type = ANY(${intArray(types)}::int[])
      AND slot >= ${firstDayOfMonth(month)} AND slot < ${firstDayOfMonth(month + 1)}
    ORDER BY type, slot, seq`;
  const months = new Map<number, Union>();
  const days = new Map<string, Union & { rows: { key: IndexKey; seq: string }[]; bytes: number }>();
  for (const { type, slot, seq, users } of rows) {
    const set = userSets.fromBytes(users);
    const monthly = months.get(type) ?? {
      key: { indexId, unit: 'm', type, slot: month },
      users: userSets.empty(),
      seq,
    };
    months.set(type, add(monthly, set, seq));
    const key: IndexKey = { indexId, unit: 'd', type, slot };
    const daily = days.get(`${type} ${slot}`) ?? { key, users: userSets.empty(), seq, rows: [], bytes: 0 };
    days.set(`${type} ${slot}`, add(daily, set, seq));
    daily.rows.push({ key, seq });
    daily.bytes += users.length;
  }
  // Of the newest of its rows: who has read that has read all of them.
  const scattered = [...days.values()].filter((day) => day.rows.length > 1);
  await deleteRows(
    sql,
    scattered.flatMap((day) => day.rows),
  );
  await insertRows(
    sql,
    [...months.values(), ...scattered].map(({ key, users, seq }) => ({ key, seq, users: users.toBytes() })),
  );
  return scattered.reduce((sum, { bytes }) => sum + bytes, 0);
}

interface Union {
  key: IndexKey;
  users: UserSet;
  /** Of the newest row. */
  seq: string;
}

function add<U extends Union>(union: U, users: UserSet, seq: string): U {
  union.users.add(users);
  if (BigInt(seq) > BigInt(union.seq)) union.seq = seq;
  return union;
}
