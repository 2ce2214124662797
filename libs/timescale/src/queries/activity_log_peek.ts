import type { Sql } from '../database.js';
import type { ActivityEntries } from '../indexer/activity.js';

/**
 * All of the log that the transaction sees, left where it is; undefined when that is more than `rowsMax`
 * rows. The events of these rows are visible too, and not in the index yet.
 */
export async function peekActivityLog(
  sql: Sql,
  { rowsMax }: { rowsMax: number },
): Promise<ActivityEntries[] | undefined> {
  const rows = await sql<ActivityEntries[]>`
    SELECT array_to_json(buckets) AS buckets, array_to_json(event_types) AS event_types,
      array_to_json(user_ids) AS user_ids, array_to_json(counts) AS counts
    FROM (SELECT * FROM activity_log LIMIT ${rowsMax + 1}) AS visible`;
  return rows.length > rowsMax ? undefined : rows;
}
