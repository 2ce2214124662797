import { BREAKER_STATE_NUMBERS, type BreakerState } from '@event-analytics/circuit-breaker';
import type { Metrics } from '@event-analytics/service-kit';
import type { Statistics } from '@event-analytics/timescale';
import { Counter, Gauge, Histogram } from 'prom-client';

import type { StatsContext } from './use-cases/stats-context.js';

const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * stats_query_duration_seconds{query,source}: how long a statistic took; source is index, events, or none where
 * it failed.
 */
export function timedQueries({ registry }: Metrics): StatsContext['timed'] {
  const durations = new Histogram({
    name: 'stats_query_duration_seconds',
    help: 'How long a statistic took, by what it was made of: the index, events, or none where it failed.',
    labelNames: ['query', 'source'],
    buckets: BUCKETS_SECONDS,
    registers: [registry],
  });
  return async (query, work) => {
    const done = durations.startTimer({ query });
    let source = 'none';
    try {
      const statistic = await work();
      source = statistic.source;
      return statistic;
    } finally {
      done({ source });
    }
  };
}

export function breakerMetrics({ registry }: Metrics, state: () => BreakerState): void {
  new Gauge({
    name: 'database_breaker_state',
    help: '0 closed, 1 half open, 2 open (PostgreSQL is not asked: 503).',
    registers: [registry],
    collect() {
      this.set(BREAKER_STATE_NUMBERS[state()]);
    },
  });
}

/** What is remembered of the index, and how often that helped. */
export function cacheMetrics({ registry }: Metrics, figures: Statistics['figures']): void {
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value());
      },
    });
  };
  const counter = (name: string, help: string, value: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  };
  gauge('stats_cache_bytes', 'Bytes of the index that are remembered.', () => figures().cachedBytes);
  gauge('stats_cache_ranges', 'Ranges of days that are remembered.', () => figures().cachedRanges);
  counter(
    'stats_cache_hits_total',
    'Ranges of days that were remembered when they were needed.',
    () => figures().hits,
  );
  counter(
    'stats_cache_loads_total',
    'Ranges of days that were read to be remembered.',
    () => figures().loads,
  );
  counter(
    'stats_cache_bypasses_total',
    'Questions that were answered beside the cache: they were too large for it.',
    () => figures().direct,
  );
}
