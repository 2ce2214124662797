import {
  dayNumber,
  periodsTouching,
  quarterHourDays,
  retentionWindows,
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
import { mapResult } from './index-reader/question.js';
import { periodActiveUsers, type PeriodActiveUsersQuery } from './queries/active_users_count.js';
import { topEvents, type TopEvent, type TopEventsQuery } from './queries/event_types_rank.js';
import { retention, type RetentionCohort, type RetentionQuery } from './queries/retention_count.js';
import type { StatisticOptions } from './read-statistics.js';

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

/**
 * All statistics, from the index where the zone has one that knows the days that are asked for, else from
 * events. Each answer is of one moment after the question. @throws StatementTimeoutError
 */
export interface Statistics {
  periodActiveUsers(
    query: Asked<PeriodActiveUsersQuery>,
  ): Promise<Statistic<(Period & { activeUsers: number })[]>>;
  topEvents(query: Asked<TopEventsQuery>): Promise<Statistic<TopEvent[]>>;
  retention(query: Asked<RetentionQuery>): Promise<Statistic<RetentionCohort[]>>;
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
      const ranges = periods.map((period) => ({ eventType: query.eventType, ...daysOf(period) }));
      const found = await reader.ask(query.zone, countUsers(ranges));
      return (
        indexed(found, (counts) =>
          periods.map((period, i) => ({ ...period, activeUsers: counts[i] ?? 0 })),
        ) ?? fromEvents(await periodActiveUsers(db, { ...query, statementTimeoutMs }))
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
      const found = await reader.askWithTotals(query.zone, range, ({ types }) =>
        mapResult(countUsers(types.map(({ eventType }) => ({ eventType, ...days }))), (users) =>
          types.map(({ eventType, count }, i) => ({ eventType, count, users: users[i] ?? 0 })),
        ),
      );
      return (
        indexed(found, (events) => events) ??
        fromEvents(await topEvents(db, { ...query, statementTimeoutMs }))
      );
    },

    async retention(query) {
      const { zone, startDate, windowType, windows, cohorts } = query;
      const spans = retentionWindows(zone, startDate, windowType, cohorts + windows).map(daysOf);
      const found = await reader.ask(zone, cohortRetention({ ...query, windows: spans }));
      return (
        indexed(found, (table) => table) ?? fromEvents(await retention(db, { ...query, statementTimeoutMs }))
      );
    },

    figures: () => reader.figures(),
    close: () => reader.close(),
  };
}

function daysOf({ start, end }: { start: string; end: string }): DayWindow {
  return { first: dayNumber(start), last: dayNumber(end) };
}

function indexed<From, To>(
  answer: IndexAnswer<From> | undefined,
  convert: (value: From) => To,
): Statistic<To> | undefined {
  if (answer === undefined) return undefined;
  return { value: convert(answer.value), version: answer.version, source: 'index' };
}

function fromEvents<T>(value: T): Statistic<T> {
  return { value, source: 'events' };
}
