import { ROUTES } from '@event-analytics/api-contract';
import { DEFAULT_LIMITS } from '@event-analytics/event-schema';
import { createLogger, createMetrics, listRoutes, parseApiKeys } from '@event-analytics/service-kit';
import { createApp } from './app.js';
import { createInFlightBytes } from './http/in-flight-bytes.js';
import { createGatewayMetrics } from './metrics.js';

test('serves the documented routes and no others', () => {
  const metrics = createMetrics({ service: 'ingest-gateway' });
  const never = () => Promise.reject(new Error('no request is sent here'));
  const { app } = createApp({
    log: createLogger({ service: 'ingest-gateway', level: 'error' }),
    metrics,
    gatewayMetrics: createGatewayMetrics(metrics.registry, {
      redisBreakerState: () => 'closed',
      natsBreakerState: () => 'closed',
      inFlightBytes: () => 0,
      unacknowledgedBytes: () => 0,
      streamMissing: () => false,
      durabilityUnproven: () => false,
    }),
    healthChecks: [],
    apiKeys: parseApiKeys(''),
    trustProxy: 0,
    limits: DEFAULT_LIMITS,
    maxBodyBytes: 1_024,
    inFlight: createInFlightBytes(1_024),
    seenIds: { seen: never, markDone: never },
    publisher: { publish: never, streamEpoch: () => undefined },
    rateLimit: false,
    clock: Date.now,
  });
  const served = listRoutes(app).filter(({ path }) => !path.startsWith('/docs/'));
  const documented = ROUTES.filter(({ service }) => service === 'every' || service === 'ingest-gateway');
  const asText = (routes: { method: string; path: string }[]) =>
    routes.map((r) => `${r.method} ${r.path}`).sort();
  expect(asText(served)).toEqual(asText(documented));
});
