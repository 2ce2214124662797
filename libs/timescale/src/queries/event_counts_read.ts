import type { Sql } from '../database.js';
import { decodeQuarterCounts } from '../quarter-counts.js';
import { exactCount, intArray } from '../sql-text.js';

/** The number of a type that there is. */
export async function readTypeNumber(sql: Sql, eventType: string): Promise<number | undefined> {
  const [row] = await sql<
    { number: number }[]
  >`SELECT number FROM event_types WHERE event_type = ${eventType}`;
  return row?.number;
}

/** Events of one type on one UTC day. */
export interface StoredCounts {
  type: number;
  day: number;
  total: number;
  /** Absent where the total was enough. */
  quarters: Float64Array | undefined;
}

export interface CountedDays {
  indexId: number;
  /** UTC days since 1970-01-01, inclusive. */
  firstDay: number;
  lastDay: number;
  /** Only this one. */
  type?: number | undefined;
}

/** How many rows each day has, in order, and the newest of all. */
export async function measureCounts(
  sql: Sql,
  { indexId, firstDay, lastDay, type }: CountedDays,
): Promise<{ days: { day: number; rows: number }[]; version: number }> {
  const rows = await sql<{ day: number; rows: number; seq: string }[]>`
    SELECT day, count(*)::int4 AS rows, max(seq) AS seq
    FROM activity_counts
    WHERE index_id = ${indexId} AND day BETWEEN ${firstDay} AND ${lastDay}
      ${type === undefined ? sql`` : sql`AND type = ${type}`}
    GROUP BY day
    ORDER BY day`;
  return {
    days: rows.map(({ day, rows }) => ({ day, rows })),
    version: Math.max(0, ...rows.map(({ seq }) => exactCount(seq))),
  };
}

/** @param wholeDays of these the totals will do */
export async function readCounts(
  sql: Sql,
  { indexId, firstDay, lastDay, type }: CountedDays,
  wholeDays: readonly number[],
): Promise<StoredCounts[]> {
  const rows = await sql<{ type: number; day: number; total: string; quarters: Uint8Array | null }[]>`
    SELECT type, day, total, CASE WHEN day <> ALL(${intArray(wholeDays)}::int[]) THEN quarters END AS quarters
    FROM activity_counts
    WHERE index_id = ${indexId} AND day BETWEEN ${firstDay} AND ${lastDay}
      ${type === undefined ? sql`` : sql`AND type = ${type}`}`;
  return rows.map(({ type, day, quarters, total }) => ({
    type,
    day,
    total: exactCount(total),
    quarters: quarters === null ? undefined : decodeQuarterCounts(quarters),
  }));
}
