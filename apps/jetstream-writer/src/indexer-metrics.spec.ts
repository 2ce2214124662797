import type { IndexerStatus } from '@event-analytics/timescale';
import { Registry } from 'prom-client';
import { indexHealth } from './health.js';
import { createIndexerMetrics } from './indexer-metrics.js';

describe('what is told of the indexer', () => {
  const building = new Map<string, number>();

  function told(status: () => IndexerStatus | undefined) {
    const registry = new Registry();
    createIndexerMetrics(registry, status);
    return async () => ({
      lag: (await registry.getSingleMetric('index_lag_seconds')?.get())?.values.map(({ labels, value }) => [
        labels['of'],
        value,
      ]),
      health: await indexHealth(status).check(),
    });
  }

  it('is how long activity waits, while that is known', async () => {
    let status: IndexerStatus | undefined;
    const tell = told(() => status);
    expect(await tell()).toEqual({ lag: [], health: { indexing: false } });

    const unknown = { lag_seconds: null, history_lag_seconds: null };
    status = { outlook: undefined, building };
    expect(await tell()).toMatchObject({ lag: [], health: unknown });

    const history = { logged: true, sorted: false };
    status = { outlook: { building: false, retired: false, historicalSeconds: 7, history }, building };
    expect(await tell()).toEqual({
      lag: [
        ['recent', 0],
        ['history', 7],
      ],
      health: { indexing: true, lag_seconds: 0, history_lag_seconds: 7, building: {} },
    });

    // And not what it was before, once it is not known any more.
    status = { outlook: undefined, building };
    expect(await tell()).toMatchObject({ lag: [], health: unknown });
  });
});
