import type { Database } from '../database.js';
import { exactCount } from '../sql-text.js';

export interface Totals {
  /** Rows of events. */
  rows: number;
  /** Distinct (event_id, occurred_at) of them: the same number, or the key is broken. */
  distinctKeys: number;
  /** Distinct event_ids: less than rows where an id was stored with several instants. */
  distinctIds: number;
  /** Rows of activity_log: writes that inserted something and are not folded yet. */
  logRows: number;
  /** Events that activity_log accounts for. */
  logEvents: number;
  /** How many (15 minutes, type, user) have another count in activity_log than in events. */
  activityDifferences: number;
}

/**
 * Counts everything anew from the raw rows, for ledger checks and tests: reads the whole database.
 * As long as nothing folds the log, logEvents = rows and activityDifferences = 0.
 */
export async function recountTotals(db: Database): Promise<Totals> {
  // One statement, so that all counts are of one snapshot while writers go on.
  const [row] = await db.run(
    (sql) => sql<Record<keyof Totals, string>[]>`
      WITH logged AS (
        SELECT bucket, event_type, user_id, sum(events) AS events
        FROM (
          SELECT bucket, event_type, user_id, entry.events
          FROM activity_log, unnest(buckets, event_types, user_ids, counts) AS entry (bucket, event_type, user_id, events)
          UNION ALL
          SELECT fields[1]::int4, fields[2], unnest(fields[3:]), 1
          FROM activity_log, string_to_table(activity, E'\\n') AS line, string_to_array(line, E'\\t') AS fields
        ) AS entries
        GROUP BY 1, 2, 3
      ), stored AS (
        SELECT floor(date_part('epoch', occurred_at) / 900)::int4 AS bucket, event_type, user_id, count(*) AS events
        FROM events
        GROUP BY 1, 2, 3
      )
      SELECT
        (SELECT count(*) FROM events) AS "rows",
        (SELECT count(*) FROM (SELECT DISTINCT event_id, occurred_at FROM events) AS keys) AS "distinctKeys",
        (SELECT count(DISTINCT event_id) FROM events) AS "distinctIds",
        (SELECT count(*) FROM activity_log) AS "logRows",
        (SELECT coalesce(sum(events), 0) FROM logged) AS "logEvents",
        (SELECT count(*) FROM logged FULL JOIN stored USING (bucket, event_type, user_id)
          WHERE logged.events IS DISTINCT FROM stored.events) AS "activityDifferences"`,
    { answerTimeoutMs: Infinity },
  );
  const count = (key: keyof Totals) => exactCount(row?.[key] ?? 0);
  return {
    rows: count('rows'),
    distinctKeys: count('distinctKeys'),
    distinctIds: count('distinctIds'),
    logRows: count('logRows'),
    logEvents: count('logEvents'),
    activityDifferences: count('activityDifferences'),
  };
}
