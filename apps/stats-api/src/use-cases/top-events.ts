import type { TopEventsQuery, TopEventsResponse } from '@event-analytics/api-contract';
import { topEvents as topEventsQuery } from '@event-analytics/timescale';

import { rangeOf, type StatsContext } from './stats-context.js';

/** The most frequent event types of a range. @throws InvalidQueryError, StatementTimeoutError */
export async function topEvents(context: StatsContext, query: TopEventsQuery): Promise<TopEventsResponse> {
  const { from, to, timezone } = rangeOf(query, context);
  const events = await context.timed('top_events', () =>
    topEventsQuery(context.db, {
      zone: timezone,
      from,
      to,
      limit: query.limit,
      statementTimeoutMs: context.statementTimeoutMs,
    }),
  );
  return {
    from,
    to,
    timezone,
    events: events.map(({ eventType, count, users }) => ({ event_type: eventType, count, users })),
  };
}
