import type { ActiveUsersQuery, ActiveUsersResponse } from '@event-analytics/api-contract';

import { answerOf, countOver, rangeOf, type StatsAnswer, type StatsContext } from './stats-context.js';

/**
 * Distinct users of every day, ISO week or calendar month that a range touches, each counted whole.
 * @throws InvalidQueryError, StatementTimeoutError
 */
export async function activeUsers(
  context: StatsContext,
  query: ActiveUsersQuery,
): Promise<StatsAnswer<ActiveUsersResponse>> {
  const { from, to, timezone, asOfMs } = rangeOf(query, context);
  const { period, event_type: eventType } = query;
  const statistic = await context.timed('active_users', () =>
    context.statistics.periodActiveUsers({ zone: timezone, period, from, to, eventType }),
  );
  const periods = statistic.value;
  const asked = [period, from, to, timezone, eventType ?? null, countOver(periods, asOfMs)];
  return answerOf(statistic, asked, {
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
  });
}
