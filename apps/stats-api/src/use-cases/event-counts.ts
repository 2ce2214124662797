import {
  maxSeriesDays,
  type EventCountsQuery,
  type EventCountsResponse,
} from '@event-analytics/api-contract';
import { eventIntervals } from '@event-analytics/calendar';

import { answerOf, countOver, rangeOf, type StatsAnswer, type StatsContext } from './stats-context.js';

/** Events in each hour or day of a range, by type. @throws InvalidQueryError, StatementTimeoutError */
export async function eventCounts(
  context: StatsContext,
  query: EventCountsQuery,
): Promise<StatsAnswer<EventCountsResponse>> {
  const { interval, limit, event_type: eventType } = query;
  const { from, to, timezone, asOfMs } = rangeOf(query, context, maxSeriesDays(interval));
  const statistic = await context.timed('event_counts', () =>
    context.statistics.eventCounts({ zone: timezone, from, to, interval, eventType, limit }),
  );
  const intervals = eventIntervals(timezone, from, to, interval);
  const asked = [interval, from, to, timezone, eventType ?? null, limit, countOver(intervals, asOfMs)];
  return answerOf(statistic, asked, {
    from,
    to,
    timezone,
    interval,
    starts: intervals.map(({ label }) => label),
    complete: intervals.map(({ endMs }) => endMs <= asOfMs),
    total: statistic.value.total,
    series: statistic.value.series.map(({ eventType: type, total, counts }) => ({
      event_type: type,
      total,
      counts,
    })),
  });
}
