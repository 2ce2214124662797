import type { Sql } from '../database.js';

/** How many entries the log holds that the transaction sees; undefined when that is more than `rowsMax` rows. */
export async function measureActivityLog(
  sql: Sql,
  { rowsMax }: { rowsMax: number },
): Promise<number | undefined> {
  const [row] = await sql<{ rows: number; entries: string }[]>`
    SELECT count(*)::int4 AS rows, coalesce(sum(coalesce(events, cardinality(counts))), 0) AS entries
    FROM (SELECT events, counts FROM activity_log LIMIT ${rowsMax + 1}) AS visible`;
  if (row === undefined || row.rows > rowsMax) return undefined;
  return Number(row.entries);
}
