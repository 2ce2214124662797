import { daysBetween, addDays, type LocalDate } from '@event-analytics/calendar';
import { dayBuckets } from '../day-buckets.js';
import type { Database } from '../database.js';
import { readEventStatistics, type StatisticOptions } from '../read-statistics.js';
import { exactCount, textArray } from '../sql-text.js';

/** One for each step, none of them special to LIKE. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

export interface FunnelQuery extends StatisticOptions {
  /** IANA name, whose days are counted. */
  zone: string;
  from: LocalDate;
  /** Inclusive. */
  to: LocalDate;
  /** Event types, each once, at most 26. */
  steps: readonly string[];
}

/**
 * Distinct users at each step: those with days d1 ≤ d2 ≤ … ≤ dn in the range and an event of step i on di.
 * On one day the order of events does not matter.
 * @throws StatementTimeoutError, RawDataDroppedError, RangeError for more than 26 steps
 */
export async function funnel(
  db: Database,
  { zone, from, to, steps, ...options }: FunnelQuery,
): Promise<number[]> {
  if (steps.length > LETTERS.length) throw new RangeError(`${steps.length} steps, at most ${LETTERS.length}`);
  if (to < from) return steps.map(() => 0);
  const dates = Array.from({ length: daysBetween(from, to) + 1 }, (_, day) => addDays(from, day));
  const buckets = dayBuckets(
    zone,
    dates.map((date) => ({ start: date, end: date })),
  );
  // `%a%`, `%a%b%`, …: the letters in this order, whatever is between them.
  const patterns = steps.map((_, i) => `%${[...LETTERS.slice(0, i + 1)].join('%')}%`);
  const rows = await readEventStatistics(
    db,
    { ...options, needs: { from: buckets.from } },
    // What a user did as one text, a letter a step, by day and within a day in the order of the steps.
    (sql) => sql<{ step: string; users: string }[]>`
      SELECT step, count(*) AS users
      FROM (
        SELECT string_agg(letter, '' ORDER BY day, letter COLLATE "C") AS trail
        FROM (
          SELECT DISTINCT user_id, letter,
            (${buckets.ordinals}::int[])[width_bucket(occurred_at, ${buckets.starts}::timestamptz[])] AS day
          FROM events
          JOIN unnest(${textArray(steps)}::text[], ${textArray([...LETTERS].slice(0, steps.length))}::text[])
            AS steps (event_type, letter) USING (event_type)
          WHERE occurred_at >= ${buckets.from}::timestamptz AND occurred_at < ${buckets.to}::timestamptz
            AND event_type = ANY(${textArray(steps)}::text[])
        ) AS done
        WHERE day >= 0 AND day < ${dates.length}::int
        GROUP BY user_id
      ) AS trails
      JOIN unnest(${textArray(patterns)}::text[]) WITH ORDINALITY AS patterns (pattern, step) ON trail LIKE pattern
      GROUP BY step`,
  );
  const users = new Map(rows.map((row) => [Number(row.step), exactCount(row.users)]));
  return steps.map((_, i) => users.get(i + 1) ?? 0);
}
