import { ROUTES } from '@event-analytics/api-contract';
import { createLogger, createMetrics, listRoutes, parseApiKeys } from '@event-analytics/service-kit';
import { connectDatabase, createStatistics } from '@event-analytics/timescale';
import { portableUserSets } from '@event-analytics/user-sets';
import { createStatsApp } from './app.js';
import { createDatabaseBreaker } from './database-breaker.js';

test('serves the documented routes and no others', () => {
  const statistics = createStatistics({
    // Connects when it is first asked, which is never.
    db: connectDatabase({ url: 'postgres://localhost:1/none', applicationName: 'routes', maxConnections: 1 }),
    userSets: portableUserSets,
    cacheBytesMax: 0,
    statementTimeoutMs: 1_000,
  });
  const { app } = createStatsApp({
    statistics,
    breaker: createDatabaseBreaker({
      probe: () => Promise.resolve(),
      onSilent: () => undefined,
      patienceMs: 1_000,
      probeIntervalMs: 1_000,
    }),
    healthChecks: [],
    log: createLogger({ service: 'stats-api', level: 'error' }),
    metrics: createMetrics({ service: 'stats-api' }),
    clock: Date.now,
    apiKeys: parseApiKeys(''),
    trustProxy: 0,
    zones: ['UTC'],
    queriesMax: 1,
  });
  statistics.close();
  const served = listRoutes(app).filter(({ path }) => !path.startsWith('/docs/'));
  const documented = ROUTES.filter(({ service }) => service === 'every' || service === 'stats-api');
  const asText = (routes: { method: string; path: string }[]) =>
    routes.map((r) => `${r.method} ${r.path}`).sort();
  expect(asText(served)).toEqual(asText(documented));
});
