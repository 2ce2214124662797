import { retentionWindows, type LocalDate, type WindowType } from '@event-analytics/calendar';
import { dayBuckets } from '../day-buckets.js';
import type { Database } from '../database.js';
import { readEventStatistics, type StatisticOptions } from '../read-statistics.js';
import { exactCount } from '../sql-text.js';

export interface RetentionQuery extends StatisticOptions {
  zone: string;
  /** The first day of cohort 0. */
  startDate: LocalDate;
  windowType: WindowType;
  /** The last offset: each cohort has offsets 0…windows. */
  windows: number;
  cohorts: number;
  /** classic: active in exactly that window. unbounded: in it or any later one. */
  mode: 'classic' | 'unbounded';
  /** A user's first event of this type makes the cohort; default: the first of any. */
  bornEvent?: string | undefined;
  /** Only events of this type count as coming back; default: any. */
  returnEvent?: string | undefined;
}

export interface RetentionCohort {
  /** Users whose first event ever falls in the cohort's window. */
  size: number;
  /** Of them, how many were active at offset n, for n = 0…windows. */
  retained: number[];
}

/**
 * Counts of every cohort, in order. What is complete, begun or to be null is the caller's to say.
 * "First" is by instant, among all events there are, also those before startDate.
 * @throws StatementTimeoutError, RawDataDroppedError
 */
export async function retention(db: Database, query: RetentionQuery): Promise<RetentionCohort[]> {
  const { zone, startDate, windowType, windows, cohorts, mode, bornEvent, returnEvent } = query;
  const spans = retentionWindows(zone, startDate, windowType, cohorts + windows);
  const all = dayBuckets(zone, spans);
  const born = dayBuckets(zone, spans.slice(0, cohorts));
  const unbounded = mode === 'unbounded';
  const rows = await readEventStatistics(
    db,
    { ...query, needs: 'everything' },
    (sql) => sql<{ cohort: number; offset: number | null; users: string }[]>`
      WITH born AS MATERIALIZED (
        SELECT user_id, cohort
        FROM (
          SELECT user_id,
            (${born.ordinals}::int[])[width_bucket(min(occurred_at), ${born.starts}::timestamptz[])] AS cohort
          FROM events
          WHERE occurred_at < ${born.to}::timestamptz
            ${bornEvent === undefined ? sql`` : sql`AND event_type = ${bornEvent}`}
          GROUP BY user_id
        ) AS first_events
        WHERE cohort >= 0 AND cohort < ${cohorts}::int
      ), active AS (
        -- Unbounded: the last window alone says it for every window before; past the last one counts.
        SELECT user_id, ${unbounded ? sql`max(ordinal) AS ordinal` : sql`ordinal`}
        FROM (
          SELECT user_id,
            (${all.ordinals}::int[])[width_bucket(occurred_at, ${all.starts}::timestamptz[])] AS ordinal
          FROM events
          WHERE occurred_at >= ${all.from}::timestamptz
            ${unbounded ? sql`` : sql`AND occurred_at < ${all.to}::timestamptz`}
            ${returnEvent === undefined ? sql`` : sql`AND event_type = ${returnEvent}`}
        ) AS returns
        GROUP BY ${unbounded ? sql`user_id` : sql`user_id, ordinal`}
      )
      SELECT cohort, NULL AS "offset", count(*) AS users FROM born GROUP BY cohort
      UNION ALL
      SELECT cohort, least(ordinal - cohort, ${windows}::int) AS "offset", count(*) AS users
      FROM born JOIN active USING (user_id)
      WHERE ordinal >= cohort ${unbounded ? sql`` : sql`AND ordinal - cohort <= ${windows}::int`}
      GROUP BY 1, 2`,
  );
  const table = Array.from({ length: cohorts }, () => ({
    size: 0,
    retained: Array.from({ length: windows + 1 }, () => 0),
  }));
  for (const row of rows) {
    const cohort = table[row.cohort];
    if (cohort === undefined) continue;
    if (row.offset === null) cohort.size = exactCount(row.users);
    else cohort.retained[row.offset] = exactCount(row.users);
  }
  if (unbounded) for (const { retained } of table) sumFromTheEnd(retained);
  return table;
}

/** From "last seen at offset n" to "seen at offset n or later". */
function sumFromTheEnd(counts: number[]): void {
  let sum = 0;
  for (let n = counts.length - 1; n >= 0; n--) {
    sum += counts[n] ?? 0;
    counts[n] = sum;
  }
}
