import {
  addDays,
  dayNumber,
  eventIntervals,
  isIndexable,
  periodsTouching,
  quarterHourDays,
  retentionWindows,
  type LocalDate,
  type Period,
} from '@event-analytics/calendar';
import type { UserSets } from '@event-analytics/user-sets';
import type { Database } from './database.js';
import { countUsers } from './index-reader/active-users.js';
import {
  createActivityReader,
  type IndexAnswer,
  type ReaderFigures,
} from './index-reader/activity-reader.js';
import { cohortRetention, type DayWindow } from './index-reader/cohort-retention.js';
import { readEventSeries } from './index-reader/event-series.js';
import { funnelSteps } from './index-reader/funnel-steps.js';
import { mapResult, type UserRange } from './index-reader/question.js';
import { slidingUsers } from './index-reader/sliding-users.js';
import { periodActiveUsers, type PeriodActiveUsersQuery } from './queries/active_users_count.js';
import { eventCounts, type EventCounts, type EventCountsQuery } from './queries/event_counts_series.js';
import { topEvents, type TopEvent, type TopEventsQuery } from './queries/event_types_rank.js';
import { funnel, type FunnelQuery } from './queries/funnel_count.js';
import { retention, type RetentionCohort, type RetentionQuery } from './queries/retention_count.js';
import { MONTH_DAYS, stickiness, type StickinessQuery, type StickyDay } from './queries/stickiness_count.js';
import { readStatistics, type StatisticOptions } from './read-statistics.js';

export interface StatisticsOptions {
  /** For what is computed from events: a connection may be busy for statementTimeoutMs. */
  db: Database;
  /** For the index, so that it does not wait behind that; its statement_timeout is to be set. Default: `db`. */
  indexDb?: Database;
  userSets: UserSets;
  /** Of what is remembered of the index. */
  cacheBytesMax: number;
  /** How long PostgreSQL may take for one statistic. */
  statementTimeoutMs: number;
}

export interface Statistic<T> {
  value: T;
  /** index: of the bitmaps, in milliseconds. events: computed from all events of the range. */
  source: 'index' | 'events';
  /** The same as long as nothing that was read has changed; only from the index. */
  version?: string;
}

type Asked<Query extends StatisticOptions> = Omit<Query, 'statementTimeoutMs'>;

/*
 * What is put together for every answer or row is written out, and not `{ ...of, more }`: V8 makes a hidden class for each
 * such object, and what its collector then keeps costs more than the answer (ADR 16).
 */

/**
 * All statistics, from the index where the zone has one that knows the days that are asked for, else from
 * events. Each answer is of one moment after the question.
 * @throws StatementTimeoutError, RawDataDroppedError
 */
export interface Statistics {
  periodActiveUsers(
    query: Asked<PeriodActiveUsersQuery>,
  ): Promise<Statistic<(Period & { activeUsers: number })[]>>;
  topEvents(query: Asked<TopEventsQuery>): Promise<Statistic<TopEvent[]>>;
  retention(query: Asked<RetentionQuery>): Promise<Statistic<RetentionCohort[]>>;
  stickiness(query: Asked<StickinessQuery>): Promise<Statistic<StickyDay[]>>;
  funnel(query: Asked<FunnelQuery>): Promise<Statistic<number[]>>;
  /** The index counts quarters of an hour, for every zone whose clock is at one. */
  eventCounts(query: Asked<EventCountsQuery>): Promise<Statistic<EventCounts>>;
  figures(): ReaderFigures;
  close(): void;
}

/** close it when it is not needed any more. */
export function createStatistics({ db, indexDb = db, ...options }: StatisticsOptions): Statistics {
  const { statementTimeoutMs } = options;
  const reader = createActivityReader({ db: indexDb, ...options });

  return {
    async periodActiveUsers(query) {
      const periods = periodsTouching(query.zone, query.period, query.from, query.to);
      const question = mapResult(
        countUsers(periods.map((period) => rangeOf(query.eventType, daysOf(period)))),
        (counts) =>
          periods.map(({ start, end, startMs, endMs }, i) => {
            return { start, end, startMs, endMs, activeUsers: counts[i] ?? 0 };
          }),
      );
      return await orFromEvents(await reader.ask(query.zone, question), () =>
        periodActiveUsers(db, { ...query, statementTimeoutMs }),
      );
    },

    async topEvents(query) {
      const days = daysOf({ start: query.from, end: query.to });
      const calendar = quarterHourDays(query.zone);
      const range = {
        fromBucket: calendar.firstBucketOf(days.first),
        toBucket: calendar.firstBucketOf(days.last + 1),
        limit: query.limit,
      };
      const answer = await reader.askWithTotals(query.zone, range, ({ types }) =>
        mapResult(countUsers(types.map(({ eventType }) => rangeOf(eventType, days))), (users) =>
          types.map(({ eventType, count }, i) => ({ eventType, count, users: users[i] ?? 0 })),
        ),
      );
      return await orFromEvents(answer, () => topEvents(db, { ...query, statementTimeoutMs }));
    },

    async retention(query) {
      const { zone, startDate, windowType, windows, cohorts } = query;
      const spans = retentionWindows(zone, startDate, windowType, cohorts + windows).map(daysOf);
      const question = cohortRetention({ ...query, windows: spans });
      return await orFromEvents(await reader.ask(zone, question), () =>
        retention(db, { ...query, statementTimeoutMs }),
      );
    },

    async stickiness(query) {
      const { zone, from, to, eventType } = query;
      const { first, last } = daysOf({ start: from, end: to });
      const question = mapResult(slidingUsers({ first, last, eventType, windowDays: MONTH_DAYS }), (found) =>
        found.map(({ day, window }, i) => ({ date: addDays(from, i), dau: day, mau: window })),
      );
      return await orFromEvents(await reader.ask(zone, question), () =>
        stickiness(db, { ...query, statementTimeoutMs }),
      );
    },

    async funnel(query) {
      const { zone, from, to, steps } = query;
      const { first, last } = daysOf({ start: from, end: to });
      const question = funnelSteps({ first, last, steps });
      return await orFromEvents(await reader.ask(zone, question), () =>
        funnel(db, { ...query, statementTimeoutMs }),
      );
    },

    async eventCounts(query) {
      const { zone, from, to, interval, eventType, limit } = query;
      const intervals = eventIntervals(zone, from, to, interval);
      const [first] = intervals;
      const last = intervals.at(-1);
      const answer =
        first !== undefined && last !== undefined && isIndexable(zone, first.startMs, last.endMs)
          ? await readStatistics(indexDb, { statementTimeoutMs, repeatableRead: true }, (sql) =>
              readEventSeries(sql, { intervals, eventType, limit }),
            )
          : undefined;
      return await orFromEvents(answer, () => eventCounts(db, { ...query, statementTimeoutMs }));
    },

    figures: () => reader.figures(),
    close: () => reader.close(),
  };
}

function daysOf({ start, end }: { start: LocalDate; end: LocalDate }): DayWindow {
  return { first: dayNumber(start), last: dayNumber(end) };
}

function rangeOf(eventType: string | undefined, { first, last }: DayWindow): UserRange {
  return { eventType, first, last };
}

async function orFromEvents<T>(
  answer: IndexAnswer<T> | undefined,
  compute: () => Promise<T>,
): Promise<Statistic<T>> {
  if (answer !== undefined) return { value: answer.value, version: answer.version, source: 'index' };
  return { value: await compute(), source: 'events' };
}
