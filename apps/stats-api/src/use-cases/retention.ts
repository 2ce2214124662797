import type { RetentionQuery, RetentionResponse } from '@event-analytics/api-contract';
import { retentionWindows } from '@event-analytics/calendar';
import { retention as retentionCounts } from '@event-analytics/timescale';

import { retentionTable } from './retention-table.js';
import { asOfMs, type StatsContext } from './stats-context.js';

/** How many of the users of each cohort came back after n windows. @throws StatementTimeoutError */
export async function retention(context: StatsContext, query: RetentionQuery): Promise<RetentionResponse> {
  const { start_date: startDate, window_type: windowType, windows, cohorts, mode } = query;
  const timezone = query.timezone ?? context.defaultZone;
  const atMs = asOfMs(query, context.clock());
  const counts = await context.timed('retention', () =>
    retentionCounts(context.db, {
      zone: timezone,
      startDate,
      windowType,
      windows,
      cohorts,
      mode,
      bornEvent: query.born_event,
      returnEvent: query.return_event,
      statementTimeoutMs: context.statementTimeoutMs,
    }),
  );
  const spans = retentionWindows(timezone, startDate, windowType, cohorts + windows);
  return {
    start_date: startDate,
    window_type: windowType,
    windows,
    ...retentionTable(counts, spans, atMs),
    timezone,
    mode,
    as_of: new Date(atMs).toISOString(),
  };
}
