import type { FunnelQuery, FunnelResponse } from '@event-analytics/api-contract';
import { periodsTouching } from '@event-analytics/calendar';

import { answerOf, rangeOf, type StatsAnswer, type StatsContext } from './stats-context.js';

/** How many users reached each of the steps within a range. @throws InvalidQueryError, StatementTimeoutError */
export async function funnel(
  context: StatsContext,
  query: FunnelQuery,
): Promise<StatsAnswer<FunnelResponse>> {
  const { from, to, timezone, asOfMs } = rangeOf(query, context);
  const { steps } = query;
  const statistic = await context.timed('funnel', () =>
    context.statistics.funnel({ zone: timezone, from, to, steps }),
  );
  const users = statistic.value;
  const complete = periodsTouching(timezone, 'day', to, to).every(({ endMs }) => endMs <= asOfMs);
  return answerOf(statistic, [from, to, timezone, steps, complete], {
    from,
    to,
    timezone,
    steps: steps.map((eventType, i) => ({
      event_type: eventType,
      users: users[i] ?? 0,
      rate: share(users[i], users[0]),
      step_rate: share(users[i], users[Math.max(0, i - 1)]),
    })),
    complete,
  });
}

function share(part = 0, whole = 0): number | null {
  return whole === 0 ? null : part / whole;
}
