import { createServiceApp, type Logger, type Metrics } from '@event-analytics/service-kit';
import type { Express } from 'express';
import { upstreamHealth } from './health.js';
import { createMetricsText } from './metrics/collect-metrics.js';
import { createForwarder } from './proxy/forward.js';
import type { Upstreams } from './upstream.js';

export interface FrontDoorOptions {
  upstreams: Upstreams;
  upstreamTimeoutMs: number;
  trustProxy: number | string | boolean;
  log: Logger;
  metrics: Metrics;
  ready: () => boolean;
}

/** One address for everything: two services' routes are passed on, the rest is what every service has, summed up. */
export function createApp(o: FrontDoorOptions): { app: Express; close: () => void } {
  const { gateway, stats, writer } = o.upstreams;
  const all = [gateway, stats, writer];
  const toGateway = createForwarder({ upstream: gateway, timeoutMs: o.upstreamTimeoutMs, log: o.log });
  const toStats = createForwarder({ upstream: stats, timeoutMs: o.upstreamTimeoutMs, log: o.log });

  const app = createServiceApp({
    service: 'front-door',
    log: o.log,
    metrics: o.metrics,
    metricsText: createMetricsText(o.metrics, all),
    healthChecks: all.map(upstreamHealth),
    trustProxy: o.trustProxy,
    ready: o.ready,
    mount(mounted) {
      mounted.get('/', (_request, response) => response.redirect(302, '/docs/'));
      mounted.all('/events', toGateway.handler);
      mounted.all('/stats/{*path}', toStats.handler);
    },
  });
  return {
    app,
    close() {
      toGateway.close();
      toStats.close();
    },
  };
}
