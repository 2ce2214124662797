import type { RetentionQuery, RetentionResponse } from '@event-analytics/api-contract';
import { retentionWindows } from '@event-analytics/calendar';

import { retentionTable } from './retention-table.js';
import { answerOf, asOfMs, countOver, type StatsAnswer, type StatsContext } from './stats-context.js';

/** How many of the users of each cohort came back after n windows. @throws StatementTimeoutError */
export async function retention(
  context: StatsContext,
  query: RetentionQuery,
): Promise<StatsAnswer<RetentionResponse>> {
  const { start_date: startDate, window_type: windowType, windows, cohorts, mode } = query;
  const { born_event: bornEvent, return_event: returnEvent } = query;
  const timezone = query.timezone ?? context.defaultZone;
  const atMs = asOfMs(query, context.clock());
  const statistic = await context.timed('retention', () =>
    context.statistics.retention({
      zone: timezone,
      startDate,
      windowType,
      windows,
      cohorts,
      mode,
      bornEvent,
      returnEvent,
    }),
  );
  const spans = retentionWindows(timezone, startDate, windowType, cohorts + windows);
  const shape = [timezone, startDate, windowType, windows, cohorts, mode];
  const begun = spans.filter(({ startMs }) => startMs <= atMs).length;
  const asked = [...shape, bornEvent ?? null, returnEvent ?? null, begun, countOver(spans, atMs)];
  return answerOf(statistic, asked, {
    start_date: startDate,
    window_type: windowType,
    windows,
    ...retentionTable(statistic.value, spans, atMs),
    timezone,
    mode,
    as_of: new Date(atMs).toISOString(),
  });
}
