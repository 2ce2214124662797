import { eventIntervals, type EventInterval, type LocalDate } from '@event-analytics/calendar';
import { BEFORE, dayBuckets, type DayBuckets } from '../day-buckets.js';
import type { Database } from '../database.js';
import { readEventStatistics, type StatisticOptions } from '../read-statistics.js';
import { exactCount, instant, instantArray, intArray } from '../sql-text.js';

export interface EventCountsQuery extends StatisticOptions {
  /** IANA name, whose days and hours are counted. */
  zone: string;
  from: LocalDate;
  /** Inclusive. */
  to: LocalDate;
  interval: 'hour' | 'day';
  /** Only events of this type, which is listed also where it has none. */
  eventType?: string | undefined;
  /** At most so many types. */
  limit: number;
}

/** Each list of counts has one for each of eventIntervals(zone, from, to, interval). */
export interface EventCounts {
  /** Events of every type, or of eventType alone. */
  total: number[];
  /** By total descending, then by code point. */
  series: { eventType: string; total: number; counts: number[] }[];
}

/**
 * Events in each hour or day of the range, of the types with the most of them.
 * @throws StatementTimeoutError, RawDataDroppedError
 */
export async function eventCounts(
  db: Database,
  { zone, from, to, interval, eventType, limit, ...options }: EventCountsQuery,
): Promise<EventCounts> {
  const intervals = eventIntervals(zone, from, to, interval);
  const zeros = () => intervals.map(() => 0);
  const total = zeros();
  const series = new Map<string, { eventType: string; total: number; counts: number[] }>();
  if (eventType !== undefined) series.set(eventType, { eventType, total: 0, counts: zeros() });
  if (intervals.length === 0) return { total, series: [...series.values()] };

  const buckets = interval === 'hour' ? hourBuckets(intervals) : dayBuckets(zone, daysOf(intervals));
  const rows = await readEventStatistics(
    db,
    { ...options, needs: { from: buckets.from } },
    // Those of every type come first, as of no type; then type by type in the order of the answer.
    (sql) => sql<{ event_type: string | null; ordinal: number; events: string }[]>`
      WITH counts AS MATERIALIZED (
        SELECT event_type, ordinal, count(*) AS events
        FROM (
          SELECT event_type,
            (${buckets.ordinals}::int[])[width_bucket(occurred_at, ${buckets.starts}::timestamptz[])] AS ordinal
          FROM events
          WHERE occurred_at >= ${buckets.from}::timestamptz AND occurred_at < ${buckets.to}::timestamptz
            ${eventType === undefined ? sql`` : sql`AND event_type = ${eventType}`}
        ) AS placed
        WHERE ordinal >= 0 AND ordinal < ${intervals.length}::int
        GROUP BY event_type, ordinal
      ), ranked AS (
        SELECT event_type, row_number() OVER (ORDER BY sum(events) DESC, event_type) AS rank
        FROM counts
        GROUP BY event_type
        ORDER BY rank
        LIMIT ${limit}::int
      )
      SELECT NULL AS event_type, 0 AS rank, ordinal, sum(events) AS events FROM counts GROUP BY ordinal
      UNION ALL
      SELECT event_type, rank, ordinal, events FROM counts JOIN ranked USING (event_type)
      ORDER BY rank`,
  );
  for (const { event_type: type, ordinal, events } of rows) {
    const count = exactCount(events);
    if (type === null) {
      total[ordinal] = count;
      continue;
    }
    const one = series.get(type) ?? { eventType: type, total: 0, counts: zeros() };
    series.set(type, one);
    one.counts[ordinal] = count;
    one.total += count;
  }
  return { total, series: [...series.values()] };
}

/** A day that is two stretches is put together by its date. */
const daysOf = (days: readonly EventInterval[]) => days.map(({ label }) => ({ start: label, end: label }));

/** As of days, by position: hours are in order, with nothing or something of another date between two. */
function hourBuckets(hours: readonly EventInterval[]): DayBuckets {
  const stretches: { startMs: number; ordinal: number }[] = [{ startMs: -Infinity, ordinal: BEFORE }];
  let untilMs = -Infinity;
  hours.forEach(({ startMs, endMs }, ordinal) => {
    if (startMs > untilMs && ordinal > 0) stretches.push({ startMs: untilMs, ordinal: BEFORE });
    stretches.push({ startMs, ordinal });
    untilMs = endMs;
  });
  return {
    starts: instantArray(stretches.map(({ startMs }) => startMs)),
    ordinals: intArray(stretches.map(({ ordinal }) => ordinal)),
    from: instant(hours[0]?.startMs ?? 0),
    to: instant(untilMs),
  };
}
