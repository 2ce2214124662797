import type { DauQuery, DauResponse } from '@event-analytics/api-contract';

import { answerOf, countOver, rangeOf, type StatsAnswer, type StatsContext } from './stats-context.js';

/** Distinct users of every day of a range. @throws InvalidQueryError, StatementTimeoutError */
export async function dailyActiveUsers(
  context: StatsContext,
  query: DauQuery,
): Promise<StatsAnswer<DauResponse>> {
  const { from, to, timezone, asOfMs } = rangeOf(query, context);
  const { event_type: eventType } = query;
  const statistic = await context.timed('dau', () =>
    context.statistics.periodActiveUsers({ zone: timezone, period: 'day', from, to, eventType }),
  );
  const days = statistic.value;
  return answerOf(statistic, [from, to, timezone, eventType ?? null, countOver(days, asOfMs)], {
    from,
    to,
    timezone,
    days: days.map(({ start, endMs, activeUsers }) => ({
      date: start,
      active_users: activeUsers,
      complete: endMs <= asOfMs,
    })),
  });
}
