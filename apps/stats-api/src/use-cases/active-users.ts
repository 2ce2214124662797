import type { ActiveUsersQuery, ActiveUsersResponse } from '@event-analytics/api-contract';
import { periodActiveUsers } from '@event-analytics/timescale';

import { rangeOf, type StatsContext } from './stats-context.js';

/**
 * Distinct users of every day, ISO week or calendar month that a range touches, each counted whole.
 * @throws InvalidQueryError, StatementTimeoutError
 */
export async function activeUsers(
  context: StatsContext,
  query: ActiveUsersQuery,
): Promise<ActiveUsersResponse> {
  const { from, to, timezone, asOfMs } = rangeOf(query, context);
  const { period } = query;
  const periods = await context.timed('active_users', () =>
    periodActiveUsers(context.db, {
      zone: timezone,
      period,
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
    period,
    periods: periods.map(({ start, end, endMs, activeUsers }) => ({
      start,
      end,
      active_users: activeUsers,
      complete: endMs <= asOfMs,
    })),
  };
}
