import type { Sql } from '../database.js';
import type { ActivityEntries } from '../indexer/activity.js';
import { textOf } from '../indexer/names.js';
import { activityColumns, entriesOfLogRow } from './activity_log_rows.js';

/** Rows looked at; each holds what one write inserted. */
const ROWS_MAX = 512;
const NOTHING = new Uint8Array();

export interface LoggedEntries extends ActivityEntries {
  /** As PostgreSQL writes it, to the microsecond. */
  logged_at: string;
}

/**
 * Deletes rows of the log as writes have logged them, oldest first, and returns them: as many as hold about `entriesMax`
 * entries, at least one where there is one. By DELETE … RETURNING and not by a watermark: ids commit in any order.
 * @param o.historical which half of the log
 * @param o.asText only rows that hold a text: see migration 0005
 */
export async function takeActivityLog(
  sql: Sql,
  { historical, entriesMax, asText = false }: { historical: boolean; entriesMax: number; asText?: boolean },
): Promise<LoggedEntries[]> {
  const rows = await sql`
    WITH oldest AS (
      SELECT id, coalesce(events, cardinality(counts)) AS entries FROM activity_log
      WHERE historical = ${historical} AND day IS NULL ${asText ? sql`AND activity IS NOT NULL` : sql``}
      ORDER BY id
      LIMIT ${ROWS_MAX}
    ), next AS (
      SELECT id FROM (SELECT id, sum(entries) OVER (ORDER BY id) - entries AS before FROM oldest) AS running
      WHERE before < ${entriesMax}::bigint
    )
    DELETE FROM activity_log USING next
    WHERE activity_log.id = next.id
    RETURNING logged_at::text, ${activityColumns(sql)}`.raw();
  return rows.map((row) => {
    const [loggedAt = NOTHING, ...columns] = row;
    return { ...entriesOfLogRow(columns), logged_at: textOf(loggedAt, 0, loggedAt.length) };
  });
}
