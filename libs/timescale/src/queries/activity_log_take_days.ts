import type { Sql } from '../database.js';
import { textOf } from '../indexer/names.js';
import type { ActivityEntries } from '../indexer/activity.js';
import { activityColumns, entriesOfLogRow } from './activity_log_rows.js';

/** Rows looked at; each holds hundreds of entries of one day. */
const ROWS_MAX = 8_192;
/** A row of the index takes as long as so many entries of it. */
const KEY_WORK = 30;
const NOTHING = new Uint8Array();

export interface TakenDays {
  entries: ActivityEntries[];
  /** What it takes to fold them, in the unit of `workMax`: that of one entry. */
  work: number;
}

/**
 * Deletes rows of history that is sorted by day, from the first day on, and returns them: as many as are about `workMax` to
 * fold, at least one where there is one.
 * @param types how many event types there are: a day has a row of the index for each of those that it has entries of
 */
export async function takeDaysOfActivityLog(
  sql: Sql,
  { workMax, types }: { workMax: number; types: number },
): Promise<TakenDays> {
  const rows = await sql`
    WITH ahead AS (
      SELECT id, day, events, sum(events) OVER (PARTITION BY day ORDER BY id) AS upto
      FROM (
        SELECT id, day, events FROM activity_log WHERE day IS NOT NULL ORDER BY day, id LIMIT ${ROWS_MAX}
      ) AS waiting
    ), weighed AS (
      SELECT id, day, events + ${KEY_WORK}::int * (least(upto, ${types}::int) - least(upto - events, ${types}::int)) AS work
      FROM ahead
    ), next AS (
      SELECT id, work
      FROM (SELECT id, work, sum(work) OVER (ORDER BY day, id) - work AS before FROM weighed) AS running
      WHERE before < ${workMax}::bigint
    )
    DELETE FROM activity_log USING next
    WHERE activity_log.id = next.id
    RETURNING work::text, ${activityColumns(sql)}`.raw();
  let work = 0;
  const entries = rows.map(([ofRow = NOTHING, ...columns]) => {
    work += Number(textOf(ofRow, 0, ofRow.length));
    return entriesOfLogRow(columns);
  });
  return { entries, work };
}
