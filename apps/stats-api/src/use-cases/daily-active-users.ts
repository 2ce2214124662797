import type { DauQuery, DauResponse } from '@event-analytics/api-contract';
import { periodActiveUsers } from '@event-analytics/timescale';

import { rangeOf, type StatsContext } from './stats-context.js';

/** Distinct users of every day of a range. @throws InvalidQueryError, StatementTimeoutError */
export async function dailyActiveUsers(context: StatsContext, query: DauQuery): Promise<DauResponse> {
  const { from, to, timezone, asOfMs } = rangeOf(query, context);
  const days = await context.timed('dau', () =>
    periodActiveUsers(context.db, {
      zone: timezone,
      period: 'day',
      from,
      to,
      eventType: query.event_type,
      statementTimeoutMs: context.statementTimeoutMs,
    }),
  );
  return {
    from,
    to,
    timezone,
    days: days.map(({ start, endMs, activeUsers }) => ({
      date: start,
      active_users: activeUsers,
      complete: endMs <= asOfMs,
    })),
  };
}
