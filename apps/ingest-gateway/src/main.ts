import { setTimeout } from 'node:timers/promises';
import {
  connectNats,
  createEventPublisher,
  DEFAULT_STREAM_NAMES,
  ensureEventStream,
} from '@event-analytics/nats-client';
import {
  connectRedis,
  createFallbackTokenBucket,
  createLocalTokenBucket,
  createSeenIds,
  createTokenBucket,
} from '@event-analytics/redis';
import { configOrExit, createLogger, createMetrics, runService } from '@event-analytics/service-kit';
import { createApp } from './app.js';
import { readConfig } from './config.js';
import { natsHealth, redisHealth } from './health.js';
import { createInFlightBytes } from './http/in-flight-bytes.js';
import { createGatewayMetrics } from './metrics.js';

const LOCAL_BUCKETS_MAX = 50_000;
const FIRST_WAIT_MS = 500;

const config = configOrExit(readConfig);
const log = createLogger({ service: 'ingest-gateway', level: config.LOG_LEVEL });
const metrics = createMetrics({ service: 'ingest-gateway' });

const redis = connectRedis({
  url: config.REDIS_URL,
  commandTimeoutMs: config.REDIS_TIMEOUT_MS,
  onError: (error) => log.debug('redis_error', { error: error.message }),
  onStateChange: (state) => {
    if (state === 'open')
      log.warn('redis_unavailable', { effect: 'duplicates reach the database, limits are local' });
    if (state === 'closed') log.info('redis_available');
  },
});
const names = { ...DEFAULT_STREAM_NAMES, stream: config.NATS_STREAM, subject: config.NATS_SUBJECT };
const nats = await connectNats({ servers: config.NATS_URL, name: 'ingest-gateway', log });
const stopping = new AbortController();
// In the background, for as long as it takes: the service answers 503 until NATS is there.
const streamReady = ensureEventStream(nats, {
  names,
  maxMessages: config.STREAM_MAX_MESSAGES,
  ...(config.STREAM_MAX_BYTES !== undefined && { maxBytes: config.STREAM_MAX_BYTES }),
  replicas: config.STREAM_REPLICAS,
  log,
  signal: stopping.signal,
}).catch((error: unknown) => {
  if (stopping.signal.aborted) return;
  log.error('event_stream_refused', { error: error instanceof Error ? error.message : String(error) });
  process.exit(1);
});
// Where NATS and Redis are up, the first request already finds the stream and the seen ids.
await Promise.all([redis.waitReady(FIRST_WAIT_MS), Promise.race([streamReady, setTimeout(FIRST_WAIT_MS)])]);
const publisher = createEventPublisher(nats, { names, timeoutMs: config.PUBLISH_TIMEOUT_MS });

const inFlight = createInFlightBytes(config.MAX_IN_FLIGHT_BYTES);
const gatewayMetrics = createGatewayMetrics(metrics.registry, {
  redisBreakerState: () => redis.breakerState(),
  inFlightBytes: () => inFlight.current(),
  unacknowledgedBytes: () => publisher.unacknowledgedBytes(),
  streamMissing: () => publisher.streamMissing(),
});
const limit = { capacity: config.RATE_LIMIT_REQUESTS, windowSeconds: config.RATE_LIMIT_WINDOW };
const app = createApp({
  log,
  metrics,
  gatewayMetrics,
  healthChecks: [natsHealth(nats, publisher, names), redisHealth(redis)],
  apiKeys: config.apiKeys,
  trustProxy: config.TRUST_PROXY,
  limits: config.limits,
  maxBodyBytes: config.MAX_BODY_BYTES,
  inFlight,
  seenIds: createSeenIds(redis, {
    keyPrefix: config.REDIS_KEY_PREFIX,
    ttlSeconds: config.IDEMPOTENCY_TTL,
    onFailure: gatewayMetrics.redisFailed,
  }),
  publisher,
  rateLimit: limit.capacity > 0 && {
    ...limit,
    bucket: createFallbackTokenBucket({
      primary: createTokenBucket(redis, { keyPrefix: config.REDIS_KEY_PREFIX, ...limit }),
      fallback: createLocalTokenBucket({
        ...limit,
        maxKeys: LOCAL_BUCKETS_MAX,
        clock: () => performance.now(),
      }),
      onFailure: (code) => gatewayMetrics.redisFailed('limit', code),
    }),
  },
  clock: Date.now,
});

await runService({
  app,
  host: config.HOST,
  port: config.PORT,
  log,
  shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
  async onShutdown() {
    stopping.abort();
    publisher.close();
    await Promise.all([nats.close(), redis.close()]);
  },
});
