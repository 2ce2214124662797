import type { Sql } from '../database.js';
import type { ActivityEntries } from '../indexer/activity.js';
import { activityColumns, entriesOfLogRow } from './activity_log_rows.js';

/**
 * All of the log that the transaction sees, left where it is; undefined when that is more than `rowsMax`
 * rows. The events of these rows are visible too, and not in the index yet.
 */
export async function peekActivityLog(
  sql: Sql,
  { rowsMax }: { rowsMax: number },
): Promise<ActivityEntries[] | undefined> {
  const rows = await sql`
    SELECT ${activityColumns(sql)}
    FROM (SELECT * FROM activity_log LIMIT ${rowsMax + 1}) AS visible`.raw();
  return rows.length > rowsMax ? undefined : rows.map(entriesOfLogRow);
}
