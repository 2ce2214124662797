import type { TopEventsQuery, TopEventsResponse } from '@event-analytics/api-contract';

import { answerOf, rangeOf, type StatsAnswer, type StatsContext } from './stats-context.js';

/** The most frequent event types of a range. @throws InvalidQueryError, StatementTimeoutError */
export async function topEvents(
  context: StatsContext,
  query: TopEventsQuery,
): Promise<StatsAnswer<TopEventsResponse>> {
  const { from, to, timezone } = rangeOf(query, context);
  const { limit } = query;
  const statistic = await context.timed('top_events', () =>
    context.statistics.topEvents({ zone: timezone, from, to, limit }),
  );
  return answerOf(statistic, [from, to, timezone, limit], {
    from,
    to,
    timezone,
    events: statistic.value.map(({ eventType, count, users }) => ({ event_type: eventType, count, users })),
  });
}
