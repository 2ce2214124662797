import type { Sql } from '../database.js';
import type { ActivityEntries } from '../indexer/activity.js';

/** Rows looked at; each holds what one write inserted. */
const ROWS_MAX = 512;

export interface LoggedEntries extends ActivityEntries {
  /** As PostgreSQL writes it, to the microsecond. */
  logged_at: string;
}

/**
 * Deletes rows of the log, oldest first, and returns them: as many as hold about `entriesMax` entries, at
 * least one where there is one. By DELETE … RETURNING and not by a watermark: ids commit in any order.
 * @param historical which half of the log
 */
export async function takeActivityLog(
  sql: Sql,
  { historical, entriesMax }: { historical: boolean; entriesMax: number },
): Promise<LoggedEntries[]> {
  // As JSON: the driver would take PostgreSQL's own arrays apart letter by letter.
  return await sql<LoggedEntries[]>`
    WITH oldest AS (
      SELECT id, cardinality(counts) AS entries FROM activity_log
      WHERE historical = ${historical}
      ORDER BY id
      LIMIT ${ROWS_MAX}
    ), next AS (
      SELECT id FROM (SELECT id, sum(entries) OVER (ORDER BY id) - entries AS before FROM oldest) AS running
      WHERE before < ${entriesMax}::bigint
    )
    DELETE FROM activity_log USING next
    WHERE activity_log.id = next.id
    RETURNING logged_at::text, array_to_json(buckets) AS buckets, array_to_json(event_types) AS event_types,
      array_to_json(user_ids) AS user_ids, array_to_json(counts) AS counts`;
}
