import { addDays, dayNumber, type LocalDate } from '@event-analytics/calendar';
import {
  eventCounts,
  funnel,
  periodActiveUsers,
  retention,
  stickiness,
  topEvents,
  type Database,
} from '@event-analytics/timescale';
import type { Cells } from './cells.js';

/** Milliseconds: nothing here is given up for its being slow. */
const STATEMENT_TIMEOUT_MS = 3_600_000;
const MONTH_DAYS = 30;

export interface Range {
  zone: string;
  /** All days of the range, and the 31 last of them. */
  from: LocalDate;
  lastMonthFrom: LocalDate;
  /** Inclusive. */
  to: LocalDate;
  /** By then every window of every question is over. */
  asOf: string;
}

/** One question, asked in three ways. */
export interface Question {
  name: string;
  /** Of stats-api, and how to read its answer. */
  path: string;
  fromHttp(body: unknown): Cells;
  /** By SQL on events, with the library's own functions. */
  bySql(db: Database): Promise<Cells>;
  /** In DuckDB, on a view `e` of (day, user_id, event_type): rows of (cell, number), cells named as above. */
  duckDb: string;
}

/** @param days of the range @param endMs the first instant after it, in UTC */
export function rangeOf(zone: string, { days, endMs }: { days: number; endMs: number }): Range {
  const to = new Date(endMs - 1).toISOString().slice(0, 10);
  return {
    zone,
    from: addDays(to, 1 - days),
    lastMonthFrom: addDays(to, -30),
    to,
    asOf: `${addDays(to, 400)}T00:00:00Z`,
  };
}

export function questionsOf(range: Range): Question[] {
  return [
    dau(range),
    top(range),
    retentionOf(range, 'classic'),
    retentionOf(range, 'unbounded'),
    sticky(range),
    funnelOf(range, ['search', 'add_to_cart', 'purchase']),
    counts(range),
  ];
}

const query = (range: Range, parameters: Record<string, string>): string =>
  new URLSearchParams({ ...parameters, timezone: range.zone, as_of: range.asOf }).toString();

function dau(range: Range): Question {
  const { zone, lastMonthFrom: from, to } = range;
  return {
    name: 'DAU 31 days',
    path: `/stats/dau?${query(range, { from, to })}`,
    fromHttp: (body) => {
      const { days } = body as { days: { date: string; active_users: number }[] };
      return new Map(days.map((day) => [day.date, day.active_users]));
    },
    async bySql(db) {
      const days = await periodActiveUsers(db, {
        zone,
        period: 'day',
        from,
        to,
        statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      });
      return new Map(days.map((day) => [day.start, day.activeUsers]));
    },
    duckDb: `
      SELECT ${dateOf('day')} AS cell, users AS number
      FROM (SELECT day, count(DISTINCT user_id) AS users FROM e WHERE ${within(from, to)} GROUP BY day)`,
  };
}

function top(range: Range): Question {
  const { zone, from, to } = range;
  const limit = 10;
  return {
    name: `top ${String(limit)} events, all days`,
    path: `/stats/top-events?${query(range, { from, to, limit: String(limit) })}`,
    fromHttp: (body) => {
      const { events } = body as { events: { event_type: string; count: number; users: number }[] };
      return new Map(
        events.flatMap((e, i) =>
          ranked(i, e.event_type, [
            ['count', e.count],
            ['users', e.users],
          ]),
        ),
      );
    },
    async bySql(db) {
      const events = await topEvents(db, { zone, from, to, limit, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
      return new Map(
        events.flatMap((e, i) =>
          ranked(i, e.eventType, [
            ['count', e.count],
            ['users', e.users],
          ]),
        ),
      );
    },
    duckDb: `
      WITH ranked AS (
        SELECT event_type, count(*) AS events, count(DISTINCT user_id) AS users,
          row_number() OVER (ORDER BY count(*) DESC, event_type) AS rank
        FROM e WHERE ${within(from, to)}
        GROUP BY event_type
      )
      SELECT unnest(['rank ' || rank || ' ' || event_type || ' count', 'rank ' || rank || ' ' || event_type || ' users']) AS cell,
        unnest([events, users]) AS number
      FROM ranked WHERE rank <= ${String(limit)}`,
  };
}

function ranked(i: number, type: string, figures: [string, number][]): [string, number][] {
  return figures.map(([name, value]) => [`rank ${String(i + 1)} ${type} ${name}`, value]);
}

function retentionOf(range: Range, mode: 'classic' | 'unbounded'): Question {
  const { zone, from } = range;
  const windows = 12;
  const cohorts = 12;
  const first = dayNumber(from);
  const lastDay = first + (cohorts + windows) * 7 - 1;
  const parameters = { start_date: from, window_type: 'weekly', windows: String(windows), mode };
  return {
    name: `retention 12×12 weekly, ${mode}`,
    path: `/stats/retention?${query(range, parameters)}`,
    fromHttp: (body) => {
      const table = body as { cohorts: { size: number; retained: (number | null)[] }[] };
      return new Map(
        table.cohorts.flatMap(({ size, retained }, k) =>
          cohortCells(
            k,
            size,
            retained.map((n) => n ?? NaN),
          ),
        ),
      );
    },
    async bySql(db) {
      const table = await retention(db, {
        zone,
        startDate: from,
        windowType: 'weekly',
        windows,
        cohorts,
        mode,
        statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      });
      return new Map(table.flatMap(({ size, retained }, k) => cohortCells(k, size, retained)));
    },
    duckDb: `
      WITH born AS MATERIALIZED (
        SELECT user_id, (min(day) - ${String(first)}) // 7 AS cohort
        FROM e
        GROUP BY user_id
        HAVING min(day) BETWEEN ${String(first)} AND ${String(first + cohorts * 7 - 1)}
      ), active AS (
        ${
          mode === 'classic'
            ? `SELECT DISTINCT user_id, (day - ${String(first)}) // 7 AS week
               FROM e WHERE day BETWEEN ${String(first)} AND ${String(lastDay)}`
            : `SELECT user_id, max((day - ${String(first)}) // 7) AS week
               FROM e WHERE day >= ${String(first)} GROUP BY user_id`
        }
      ), returned AS (
        SELECT cohort, week - cohort AS n, count(*) AS users
        FROM born JOIN active USING (user_id)
        WHERE week >= cohort
        GROUP BY ALL
      )
      SELECT 'cohort ' || c.k || ', size' AS cell,
        (SELECT count(*) FROM born WHERE cohort = c.k) AS number
      FROM range(${String(cohorts)}) AS c(k)
      UNION ALL
      SELECT 'cohort ' || c.k || ', offset ' || o.n,
        coalesce((SELECT sum(users)::BIGINT FROM returned
          WHERE cohort = c.k AND returned.n ${mode === 'classic' ? '=' : '>='} o.n), 0)
      FROM range(${String(cohorts)}) AS c(k), range(${String(windows + 1)}) AS o(n)`,
  };
}

function cohortCells(cohort: number, size: number, retained: readonly number[]): [string, number][] {
  const name = `cohort ${String(cohort)}`;
  return [
    [`${name}, size`, size],
    ...retained.map((users, n): [string, number] => [`${name}, offset ${String(n)}`, users]),
  ];
}

function sticky(range: Range): Question {
  const { zone, lastMonthFrom: from, to } = range;
  const [first, last] = [dayNumber(from), dayNumber(to)];
  return {
    name: 'stickiness 31 days',
    path: `/stats/stickiness?${query(range, { from, to })}`,
    fromHttp: (body) => {
      const { days } = body as { days: { date: string; dau: number; mau: number }[] };
      return new Map(days.flatMap(stickyCells));
    },
    async bySql(db) {
      const days = await stickiness(db, { zone, from, to, statementTimeoutMs: STATEMENT_TIMEOUT_MS });
      return new Map(days.flatMap(stickyCells));
    },
    duckDb: `
      WITH active AS (
        SELECT DISTINCT day, user_id FROM e
        WHERE day BETWEEN ${String(first - MONTH_DAYS + 1)} AND ${String(last)}
      ), months AS (
        SELECT day, least(day + ${String(MONTH_DAYS)},
          coalesce(lead(day) OVER (PARTITION BY user_id ORDER BY day), day + ${String(MONTH_DAYS)})) AS until
        FROM active
      ), changes AS (
        SELECT day, count(*) AS active, 0 AS gone FROM months GROUP BY day
        UNION ALL
        SELECT until, 0, count(*) FROM months GROUP BY until
      ), sums AS (
        SELECT day, sum(active)::BIGINT AS dau, (sum(sum(active) - sum(gone)) OVER (ORDER BY day))::BIGINT AS mau
        FROM changes GROUP BY day
      )
      SELECT unnest([${dateOf('day')} || ' dau', ${dateOf('day')} || ' mau']) AS cell, unnest([dau, mau]) AS number
      FROM sums WHERE ${within(from, to)}`,
  };
}

const stickyCells = (day: { date: string; dau: number; mau: number }): [string, number][] => [
  [`${day.date} dau`, day.dau],
  [`${day.date} mau`, day.mau],
];

function funnelOf(range: Range, steps: readonly [string, string, string]): Question {
  const { zone, from, to } = range;
  const cells = (users: readonly number[]): Cells =>
    new Map(users.map((count, i) => [`step ${String(i + 1)} ${steps[i] ?? ''}`, count]));
  const done = (step: string) => `event_type = '${step}' AND ${within(from, to)}`;
  return {
    name: 'funnel of 3, all days',
    path: `/stats/funnel?${query(range, { from, to, steps: steps.join(',') })}`,
    fromHttp: (body) => cells((body as { steps: { users: number }[] }).steps.map(({ users }) => users)),
    bySql: async (db) =>
      cells(await funnel(db, { zone, from, to, steps, statementTimeoutMs: STATEMENT_TIMEOUT_MS })),
    duckDb: `
      WITH a AS (SELECT user_id, min(day) AS day FROM e WHERE ${done(steps[0])} GROUP BY user_id),
      b AS (
        SELECT e.user_id, min(e.day) AS day FROM e JOIN a ON a.user_id = e.user_id AND e.day >= a.day
        WHERE ${done(steps[1]).replaceAll('day BETWEEN', 'e.day BETWEEN')} GROUP BY e.user_id
      ), c AS (
        SELECT e.user_id FROM e JOIN b ON b.user_id = e.user_id AND e.day >= b.day
        WHERE ${done(steps[2]).replaceAll('day BETWEEN', 'e.day BETWEEN')} GROUP BY e.user_id
      )
      SELECT 'step 1 ${steps[0]}' AS cell, count(*) AS number FROM a
      UNION ALL SELECT 'step 2 ${steps[1]}', count(*) FROM b
      UNION ALL SELECT 'step 3 ${steps[2]}', count(*) FROM c`,
  };
}

function counts(range: Range): Question {
  const { zone, from, to } = range;
  const limit = 10;
  return {
    name: 'event counts by day, all days',
    path: `/stats/event-counts?${query(range, { from, to, interval: 'day', limit: String(limit) })}`,
    fromHttp: (body) => {
      const answer = body as {
        starts: string[];
        total: number[];
        series: { event_type: string; counts: number[] }[];
      };
      const series = answer.series.map(({ event_type: eventType, counts }) => ({ eventType, counts }));
      return seriesCells(answer.starts, answer.total, series);
    },
    async bySql(db) {
      const { total, series } = await eventCounts(db, {
        zone,
        from,
        to,
        interval: 'day',
        limit,
        statementTimeoutMs: STATEMENT_TIMEOUT_MS,
      });
      const dates = total.map((_, day) => addDays(from, day));
      return seriesCells(dates, total, series);
    },
    duckDb: `
      WITH counted AS (SELECT event_type, day, count(*) AS events FROM e WHERE ${within(from, to)} GROUP BY ALL),
      listed AS (SELECT event_type FROM counted GROUP BY event_type ORDER BY sum(events) DESC, event_type LIMIT ${String(limit)})
      SELECT ${dateOf('day')} || ' total' AS cell, sum(events)::BIGINT AS number FROM counted GROUP BY day
      UNION ALL
      SELECT ${dateOf('day')} || ' ' || event_type, events FROM counted JOIN listed USING (event_type)`,
  };
}

function seriesCells(
  dates: readonly string[],
  total: readonly number[],
  series: readonly { eventType: string; counts: readonly number[] }[],
): Cells {
  const named = [{ eventType: 'total', counts: total }, ...series];
  return new Map(
    named.flatMap(({ eventType, counts }) =>
      counts.map((count, i): [string, number] => [`${dates[i] ?? ''} ${eventType}`, count]),
    ),
  );
}

const within = (from: LocalDate, to: LocalDate): string =>
  `day BETWEEN ${String(dayNumber(from))} AND ${String(dayNumber(to))}`;

const dateOf = (day: string): string => `strftime(DATE '1970-01-01' + ${day}::INTEGER, '%Y-%m-%d')`;
