import type { IndexerOptions, IndexerStatus } from '@event-analytics/timescale';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** The indexer's series, and what it is to call; `status` is asked at each scrape. */
export function createIndexerMetrics(
  registry: Registry,
  status: () => IndexerStatus | undefined,
): Required<Pick<IndexerOptions, 'onFold' | 'onFailure'>> {
  const registers = [registry];
  new Gauge({
    name: 'index_lag_seconds',
    help: 'How long the oldest activity that is not in the index yet has waited. history: what was more than two days old when it came.',
    labelNames: ['of'],
    registers,
    collect() {
      // Without a sample while it is not known.
      this.reset();
      const outlook = status()?.outlook;
      if (outlook === undefined) return;
      this.set({ of: 'recent' }, outlook.recentSeconds ?? 0);
      this.set({ of: 'history' }, outlook.historicalSeconds ?? 0);
    },
  });
  new Gauge({
    name: 'index_build_progress',
    help: 'How far an index in the making is, 0 to 1; gone when it is ready. Zone counts: the counts of events.',
    labelNames: ['zone'],
    registers,
    collect() {
      this.reset();
      for (const [zone, share] of status()?.building ?? []) this.set({ zone: zone || 'counts' }, share);
    },
  });
  const folded = new Counter({
    name: 'index_events_folded_total',
    help: 'Events that this process put into the index.',
    registers,
  });
  const duration = new Histogram({
    name: 'index_fold_duration_seconds',
    help: 'One fold: a transaction.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const failures = new Counter({
    name: 'index_failures_total',
    help: 'Steps of the indexer that failed and are tried again.',
    registers,
  });
  return {
    onFold(fold) {
      folded.inc(fold.events);
      duration.observe(fold.seconds);
    },
    onFailure: () => failures.inc(),
  };
}
