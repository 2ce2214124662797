import type { StickinessQuery, StickinessResponse } from '@event-analytics/api-contract';
import { periodsTouching } from '@event-analytics/calendar';

import { answerOf, countOver, rangeOf, type StatsAnswer, type StatsContext } from './stats-context.js';

/**
 * Of the users of the 30 days that end with each day, how many were there that day.
 * @throws InvalidQueryError, StatementTimeoutError
 */
export async function stickiness(
  context: StatsContext,
  query: StickinessQuery,
): Promise<StatsAnswer<StickinessResponse>> {
  const { from, to, timezone, asOfMs } = rangeOf(query, context);
  const { event_type: eventType } = query;
  const statistic = await context.timed('stickiness', () =>
    context.statistics.stickiness({ zone: timezone, from, to, eventType }),
  );
  const periods = periodsTouching(timezone, 'day', from, to);
  const days = statistic.value.map(({ date, dau, mau }, i) => ({
    date,
    dau,
    mau,
    stickiness: share(dau, mau),
    complete: (periods[i]?.endMs ?? Infinity) <= asOfMs,
  }));
  const complete = days.filter((day) => day.complete);
  const sum = (key: 'dau' | 'mau') => complete.reduce((total, day) => total + day[key], 0);
  return answerOf(statistic, [from, to, timezone, eventType ?? null, countOver(periods, asOfMs)], {
    from,
    to,
    timezone,
    days,
    average: share(sum('dau'), sum('mau')),
  });
}

function share(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
