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

/** Which rows of the log: those that a write has logged, of history or not; or history of a stretch of days. */
export type LogPart =
  | {
      historical: boolean;
      /** Only rows that hold a text: see migration 0005. */
      asText?: boolean;
    }
  | LogStretch;

/** What is in the log of 32 UTC days (see migration 0007), but for what was put there later. */
export interface LogStretch {
  stretch: number;
  upToId: string;
}

/**
 * Deletes rows of the log, oldest first, and returns them: as many as hold about `entriesMax` entries, at least one where
 * there is one. By DELETE … RETURNING and not by a watermark: ids commit in any order.
 */
export async function takeActivityLog(
  sql: Sql,
  part: LogPart,
  { entriesMax }: { entriesMax: number },
): Promise<LoggedEntries[]> {
  const rows = await sql`
    WITH oldest AS (
      SELECT id, coalesce(events, cardinality(counts)) AS entries FROM activity_log
      WHERE ${isOfPart(sql, part)}
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

function isOfPart(sql: Sql, part: LogPart) {
  if ('stretch' in part)
    return sql`day IS NULL AND stretch = ${part.stretch} AND id <= ${part.upToId}::bigint`;
  const { historical, asText = false } = part;
  return sql`historical = ${historical} AND stretch IS NULL ${asText ? sql`AND activity IS NOT NULL` : sql``}`;
}
