import { configOrExit, createLogger, createMetrics, runService } from '@event-analytics/service-kit';
import { createApp } from './app.js';
import { readConfig } from './config.js';

const config = configOrExit(readConfig);
const log = createLogger({ service: 'front-door', level: config.LOG_LEVEL });
const metrics = createMetrics({ service: 'front-door' });
let stopping = false;

const { app, close } = createApp({
  upstreams: {
    gateway: { name: 'ingest-gateway', url: config.GATEWAY_URL },
    stats: { name: 'stats-api', url: config.STATS_URL },
    writer: { name: 'jetstream-writer', url: config.WRITER_URL },
  },
  upstreamTimeoutMs: config.UPSTREAM_TIMEOUT_MS,
  trustProxy: config.TRUST_PROXY,
  log,
  metrics,
  ready: () => !stopping,
});

await runService({
  app,
  host: config.HOST,
  port: config.PORT,
  log,
  shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
  onStopping: () => (stopping = true),
  onShutdown: () => Promise.resolve(close()),
});
