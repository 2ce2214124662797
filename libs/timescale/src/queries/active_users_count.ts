import { periodsTouching, type LocalDate, type Period, type PeriodUnit } from '@event-analytics/calendar';
import { dayBuckets } from '../day-buckets.js';
import type { Database } from '../database.js';
import { readEventStatistics, type StatisticOptions } from '../read-statistics.js';
import { exactCount } from '../sql-text.js';

export interface PeriodActiveUsersQuery extends StatisticOptions {
  /** IANA name, whose days are counted. */
  zone: string;
  period: PeriodUnit;
  from: LocalDate;
  /** Inclusive. */
  to: LocalDate;
  /** Only events of this type. */
  eventType?: string | undefined;
}

/**
 * Distinct users with at least one event, of every day, ISO week or calendar month that the range
 * touches, each counted whole, in order, zeros too.
 * @throws StatementTimeoutError, RawDataDroppedError
 */
export async function periodActiveUsers(
  db: Database,
  { zone, period, from, to, eventType, ...options }: PeriodActiveUsersQuery,
): Promise<(Period & { activeUsers: number })[]> {
  const periods = periodsTouching(zone, period, from, to);
  if (periods.length === 0) return [];
  const buckets = dayBuckets(zone, periods);
  const rows = await readEventStatistics(
    db,
    { ...options, needs: { from: buckets.from } },
    (sql) => sql<{ ordinal: number; users: string }[]>`
      SELECT ordinal, count(*) AS users
      FROM (
        SELECT DISTINCT
          (${buckets.ordinals}::int[])[width_bucket(occurred_at, ${buckets.starts}::timestamptz[])] AS ordinal,
          user_id
        FROM events
        WHERE occurred_at >= ${buckets.from}::timestamptz AND occurred_at < ${buckets.to}::timestamptz
          ${eventType === undefined ? sql`` : sql`AND event_type = ${eventType}`}
      ) AS active
      GROUP BY ordinal`,
  );
  const users = new Map(rows.map((row) => [row.ordinal, exactCount(row.users)]));
  return periods.map((span, ordinal) => ({ ...span, activeUsers: users.get(ordinal) ?? 0 }));
}
