import type { Sql } from '../database.js';
import type { LogStretch } from './activity_log_take.js';

const STRETCH_MIN = -2_147_483_648;

/** The first stretch from `from` on of which there is history in the log, else the first of all; undefined: there is none. */
export async function nextStretch(sql: Sql, from = STRETCH_MIN): Promise<LogStretch | undefined> {
  const [row] = await sql<LogStretch[]>`
    SELECT stretch, (SELECT max(id) FROM activity_log WHERE day IS NULL AND stretch = next.stretch)::text AS "upToId"
    FROM (
      SELECT stretch FROM activity_log WHERE day IS NULL AND stretch >= ${from} ORDER BY stretch LIMIT 1
    ) AS next`;
  if (row !== undefined || from === STRETCH_MIN) return row;
  return await nextStretch(sql);
}

/** Whether history is waiting that is sorted by stretch or by day. */
export async function sortedWaiting(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ waiting: boolean }[]>`
    SELECT EXISTS (SELECT FROM activity_log WHERE stretch IS NOT NULL) AS waiting`;
  return row?.waiting === true;
}
