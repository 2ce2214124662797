import type { Metrics } from '@event-analytics/service-kit';
import { Histogram } from 'prom-client';

import type { StatsContext } from './use-cases/stats-context.js';

const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** stats_query_duration_seconds{query}: what the database took, failed queries too. */
export function timedQueries({ registry }: Metrics): StatsContext['timed'] {
  const durations = new Histogram({
    name: 'stats_query_duration_seconds',
    help: 'How long a statistic took in the database.',
    labelNames: ['query'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  });
  return async (query, work) => {
    const done = durations.startTimer({ query });
    try {
      return await work();
    } finally {
      done();
    }
  };
}
