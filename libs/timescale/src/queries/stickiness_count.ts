import { addDays, daysBetween, type LocalDate } from '@event-analytics/calendar';
import { dayBuckets } from '../day-buckets.js';
import type { Database } from '../database.js';
import { readEventStatistics, type StatisticOptions } from '../read-statistics.js';
import { exactCount } from '../sql-text.js';

/** What "monthly" is: so many days that end with the day itself. */
export const MONTH_DAYS = 30;

export interface StickinessQuery extends StatisticOptions {
  /** IANA name, whose days are counted. */
  zone: string;
  from: LocalDate;
  /** Inclusive. */
  to: LocalDate;
  /** Only events of this type. */
  eventType?: string | undefined;
}

export interface StickyDay {
  date: LocalDate;
  /** Distinct users of the day. */
  dau: number;
  /** Distinct users of the 30 days that end with it. */
  mau: number;
}

/**
 * Daily and monthly active users of every day of the range, in order, zeros too.
 * @throws StatementTimeoutError, RawDataDroppedError
 */
export async function stickiness(
  db: Database,
  { zone, from, to, eventType, ...options }: StickinessQuery,
): Promise<StickyDay[]> {
  if (to < from) return [];
  const first = addDays(from, 1 - MONTH_DAYS);
  const dates = Array.from({ length: daysBetween(first, to) + 1 }, (_, day) => addDays(first, day));
  const buckets = dayBuckets(
    zone,
    dates.map((date) => ({ start: date, end: date })),
  );
  const rows = await readEventStatistics(
    db,
    { ...options, needs: { from: buckets.from } },
    // A user of a day is one of the month's from then on for 30 days, or until they are again.
    (sql) => sql<{ day: number; active: string; gone: string }[]>`
      WITH active AS (
        SELECT DISTINCT
          (${buckets.ordinals}::int[])[width_bucket(occurred_at, ${buckets.starts}::timestamptz[])] AS day,
          user_id
        FROM events
        WHERE occurred_at >= ${buckets.from}::timestamptz AND occurred_at < ${buckets.to}::timestamptz
          ${eventType === undefined ? sql`` : sql`AND event_type = ${eventType}`}
      ), months AS (
        SELECT day,
          least(day + ${MONTH_DAYS}::int, lead(day) OVER (PARTITION BY user_id ORDER BY day)) AS until
        FROM active
        WHERE day >= 0 AND day < ${dates.length}::int
      )
      SELECT day, sum(active) AS active, sum(gone) AS gone
      FROM (
        SELECT day, count(*) AS active, 0 AS gone FROM months GROUP BY day
        UNION ALL
        SELECT until, 0, count(*) FROM months GROUP BY until
      ) AS changes
      GROUP BY day`,
  );
  const changes = new Map(rows.map((row) => [row.day, row]));
  let mau = 0;
  const days = dates.map((date, day): StickyDay => {
    const dau = exactCount(changes.get(day)?.active ?? 0);
    mau += dau - exactCount(changes.get(day)?.gone ?? 0);
    return { date, dau, mau };
  });
  return days.slice(MONTH_DAYS - 1);
}
