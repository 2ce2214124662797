import { rawDataDropped } from '@event-analytics/api-contract';
import { RawDataDroppedError } from '@event-analytics/timescale';

import { InvalidQueryError, type StatsQueryName } from './use-cases/stats-context.js';

/** Says of a statistic that needs dropped events which parameter asks for them. */
export async function namingDroppedData<T>(
  query: StatsQueryName,
  zones: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RawDataDroppedError)) throw error;
    const path = query === 'retention' ? 'start_date' : 'from';
    throw new InvalidQueryError([rawDataDropped(path, { retainedFrom: error.retainedFrom, zones })]);
  }
}
