import type { UserSet, UserSets } from '@event-analytics/user-sets';
import type { Sql } from '../database.js';
import { intArray } from '../sql-text.js';
import { firstDayOfMonth, isSealed, monthOfDay, type IndexKey } from './index-key.js';
import type { AffectedDays } from './recompute-keys.js';
import { deleteKeys, insertRows } from './segments.js';

/** Bytes of days that are read at once, unless those of a single type are more. */
const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * The sealed months of days that were computed anew: the union of all of their days' rows.
 * @returns bytes of the rows that were replaced
 */
export async function recomputeMonths(
  sql: Sql,
  userSets: UserSets,
  seq: number,
  { index, types }: AffectedDays,
): Promise<number> {
  const months = new Map<number, Set<number>>();
  for (const [day, ofDay] of types) {
    const month = monthOfDay(day);
    for (const type of ofDay) {
      if (isSealed(index, { month, type })) months.set(month, (months.get(month) ?? new Set()).add(type));
    }
  }
  let dead = 0;
  for (const [slot, ofMonth] of months) {
    const keys = [...ofMonth].map((type): IndexKey => ({ indexId: index.id, unit: 'm', type, slot }));
    dead += await deleteKeys(sql, keys);
    for (const batch of await batchesOf(sql, { indexId: index.id, month: slot, types: [...ofMonth] })) {
      const unions = await uniteDays(sql, userSets, { indexId: index.id, month: slot, types: batch });
      await insertRows(
        sql,
        [...unions].map(([type, users]) => ({
          key: { indexId: index.id, unit: 'm', type, slot },
          seq: String(seq),
          users: users.toBytes(),
        })),
      );
    }
  }
  return dead;
}

interface MonthOfTypes {
  indexId: number;
  month: number;
  types: readonly number[];
}

/** Types whose days are read together. */
async function batchesOf(sql: Sql, { indexId, month, types }: MonthOfTypes): Promise<number[][]> {
  const rows = await sql<{ type: number; bytes: string }[]>`
    SELECT type, sum(octet_length(users)) AS bytes
    FROM activity_users
    WHERE index_id = ${indexId} AND unit = 'd' AND type = ANY(${intArray(types)}::int[])
      AND slot >= ${firstDayOfMonth(month)} AND slot < ${firstDayOfMonth(month + 1)}
    GROUP BY type`;
  const batches: number[][] = [];
  let left = 0;
  for (const { type, bytes } of rows) {
    if (batches.length === 0 || Number(bytes) > left) {
      batches.push([]);
      left = BATCH_BYTES;
    }
    batches.at(-1)?.push(type);
    left -= Number(bytes);
  }
  return batches;
}

async function uniteDays(
  sql: Sql,
  userSets: UserSets,
  { indexId, month, types }: MonthOfTypes,
): Promise<Map<number, UserSet>> {
  const rows = await sql<{ type: number; users: Uint8Array }[]>`
    SELECT type, users
    FROM activity_users
    WHERE index_id = ${indexId} AND unit = 'd' AND type = ANY(${intArray(types)}::int[])
      AND slot >= ${firstDayOfMonth(month)} AND slot < ${firstDayOfMonth(month + 1)}`;
  const unions = new Map<number, UserSet>();
  for (const { type, users } of rows) {
    const union = unions.get(type) ?? userSets.empty();
    union.add(userSets.fromBytes(users));
    unions.set(type, union);
  }
  return unions;
}
