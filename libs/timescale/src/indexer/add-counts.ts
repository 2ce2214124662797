import type { Sql } from '../database.js';
import { decodeQuarterCounts, encodeQuarterCounts, QUARTERS_PER_DAY } from '../quarter-counts.js';
import { exactCount, hexArray, intArray } from '../sql-text.js';

/** Events of one type and UTC day that are new: quarter of the day, count, quarter, count, … */
export interface DayCounts {
  type: number;
  /** UTC days since 1970-01-01. */
  day: number;
  quarters: number[];
}

/** Adds events to activity_counts. Under the fold's lock only. */
export async function addCounts(
  sql: Sql,
  o: { indexId: number; seq: number; counts: readonly DayCounts[] },
): Promise<void> {
  if (o.counts.length === 0) return;
  const stored = await sql<{ position: number; total: string; quarters: Uint8Array }[]>`
    SELECT k.position::int4 AS position, total, quarters
    FROM unnest(
      ${intArray(o.counts.map(({ type }) => type))}::int4[],
      ${intArray(o.counts.map(({ day }) => day))}::int4[]
    ) WITH ORDINALITY AS k (type, day, position)
    JOIN activity_counts USING (type, day)
    WHERE index_id = ${o.indexId}`;
  const before = new Map(stored.map((row) => [row.position, row]));
  const day = new Float64Array(QUARTERS_PER_DAY);
  const totals: number[] = [];
  const quarters: Uint8Array[] = [];
  o.counts.forEach(({ quarters: added }, i) => {
    const row = before.get(i + 1);
    let total = exactCount(row?.total ?? 0);
    day.fill(0);
    if (row !== undefined) decodeQuarterCounts(row.quarters, day);
    for (let at = 0; at < added.length; at += 2) {
      const quarter = added[at] ?? 0;
      const count = added[at + 1] ?? 0;
      day[quarter] = (day[quarter] ?? 0) + count;
      total += count;
    }
    totals.push(exactCount(total));
    quarters.push(encodeQuarterCounts(day));
  });
  await sql`
    INSERT INTO activity_counts (index_id, type, day, seq, total, quarters)
    SELECT ${o.indexId}, type, day, ${o.seq}, total, decode(quarters, 'hex')
    FROM unnest(
      ${intArray(o.counts.map(({ type }) => type))}::int4[],
      ${intArray(o.counts.map(({ day: utcDay }) => utcDay))}::int4[],
      ${intArray(totals)}::int8[],
      ${hexArray(quarters)}::text[]
    ) AS new (type, day, total, quarters)
    ON CONFLICT (index_id, day, type) DO UPDATE
    SET seq = excluded.seq, total = excluded.total, quarters = excluded.quarters`;
}
