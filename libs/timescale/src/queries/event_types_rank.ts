import type { LocalDate } from '@event-analytics/calendar';
import { dayBuckets } from '../day-buckets.js';
import type { Database } from '../database.js';
import { readEventStatistics, type StatisticOptions } from '../read-statistics.js';
import { exactCount } from '../sql-text.js';

export interface TopEventsQuery extends StatisticOptions {
  zone: string;
  from: LocalDate;
  /** Inclusive. */
  to: LocalDate;
  /** At most so many types. */
  limit: number;
}

export interface TopEvent {
  eventType: string;
  /** Events of the type. */
  count: number;
  /** Distinct users of them. */
  users: number;
}

/**
 * The types with the most events in the range of days: by count descending, then by code point.
 * @throws StatementTimeoutError, RawDataDroppedError
 */
export async function topEvents(
  db: Database,
  { zone, from, to, limit, ...options }: TopEventsQuery,
): Promise<TopEvent[]> {
  if (to < from) return [];
  const buckets = dayBuckets(zone, [{ start: from, end: to }]);
  const rows = await readEventStatistics(
    db,
    { ...options, needs: { from: buckets.from } },
    // Grouped by user first: counting distinct users in one step would sort all events.
    (sql) => sql<{ event_type: string; events: string; users: string }[]>`
      SELECT event_type, sum(events) AS events, count(*) AS users
      FROM (
        SELECT event_type, user_id, count(*) AS events
        FROM events
        WHERE occurred_at >= ${buckets.from}::timestamptz AND occurred_at < ${buckets.to}::timestamptz
          AND (${buckets.ordinals}::int[])[width_bucket(occurred_at, ${buckets.starts}::timestamptz[])] = 0
        GROUP BY event_type, user_id
      ) AS users_of_types
      GROUP BY event_type
      ORDER BY sum(events) DESC, event_type
      LIMIT ${limit}::int`,
  );
  return rows.map((row) => ({
    eventType: row.event_type,
    count: exactCount(row.events),
    users: exactCount(row.users),
  }));
}
