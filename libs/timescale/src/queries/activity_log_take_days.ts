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
      SELECT id, day, events FROM activity_log WHERE day IS NOT NULL ORDER BY day, id LIMIT ${ROWS_MAX}
    ), days AS (
      SELECT day, sum(work) OVER (ORDER BY day) - work AS before
      FROM (
        SELECT day, sum(events) + ${KEY_WORK}::int * least(sum(events), ${types}::int) AS work
        FROM ahead GROUP BY day
      ) AS each
    ), running AS (
      SELECT id, day, sum(events) OVER (PARTITION BY day ORDER BY id) - events AS before FROM ahead
    ), next AS (
      SELECT id FROM running JOIN days USING (day)
      WHERE days.before + running.before + ${KEY_WORK}::int * least(running.before, ${types}::int) < ${workMax}::bigint
    )
    DELETE FROM activity_log USING next
    WHERE activity_log.id = next.id
    RETURNING day, ${activityColumns(sql)}`.raw();
  const eventsOfDay = new Map<number, number>();
  const entries = rows.map(([day = NOTHING, ...columns]) => {
    const [events = NOTHING] = columns;
    const number = numberOf(day ?? NOTHING);
    eventsOfDay.set(number, (eventsOfDay.get(number) ?? 0) + numberOf(events ?? NOTHING));
    return entriesOfLogRow(columns);
  });
  let work = 0;
  for (const events of eventsOfDay.values()) work += events + KEY_WORK * Math.min(events, types);
  return { entries, work };
}

const numberOf = (digits: Uint8Array): number => Number(textOf(digits, 0, digits.length));
