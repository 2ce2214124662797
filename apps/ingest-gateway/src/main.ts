import cluster from 'node:cluster';
import { setTimeout } from 'node:timers/promises';
import {
  connectNats,
  createEventPublisher,
  DEFAULT_STREAM_NAMES,
  ensureEventStream,
  watchDurability,
} from '@event-analytics/nats-client';
import {
  connectRedis,
  createFallbackTokenBucket,
  createLocalTokenBucket,
  createSeenIds,
  createTokenBucket,
} from '@event-analytics/redis';
import {
  configOrExit,
  createLogger,
  createMetrics,
  exitWithLine,
  runService,
} from '@event-analytics/service-kit';
import { createApp } from './app.js';
import { REFUSED_EXIT_CODE, superviseWorkers } from './cluster/supervise-workers.js';
import { joinCluster } from './cluster/worker.js';
import { readConfig } from './config.js';
import { diesAt } from './failpoint.js';
import { natsHealth, redisHealth } from './health.js';
import { createInFlightBytes } from './http/in-flight-bytes.js';
import { createGatewayMetrics } from './metrics.js';

const LOCAL_BUCKETS_MAX = 50_000;
const FIRST_WAIT_MS = 500;

const config = configOrExit(readConfig);
const log = createLogger({ service: 'ingest-gateway', level: config.LOG_LEVEL });

if (config.GATEWAY_WORKERS > 1 && cluster.isPrimary) {
  superviseWorkers({ workers: config.GATEWAY_WORKERS, stopTimeoutMs: config.SHUTDOWN_TIMEOUT_MS, log });
} else {
  await serve();
}

/** The service in this process: all of it, or one of GATEWAY_WORKERS. */
async function serve(): Promise<void> {
  const metrics = createMetrics({ service: 'ingest-gateway' });
  const workerOf = cluster.isWorker ? joinCluster(metrics.registry) : undefined;

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
  const durability = config.STRICT_DURABILITY
    ? watchDurability(nats, { stream: names.stream, monitoringUrls: config.NATS_MONITORING_URL, log })
    : undefined;
  // In the background, for as long as it takes: the service answers 503 until NATS is there.
  const streamReady = prepareStream().catch((error: unknown) => {
    if (stopping.signal.aborted) return;
    const reason = error instanceof Error ? error.message : String(error);
    log.error('event_stream_refused', { error: reason });
    exitWithLine(reason, REFUSED_EXIT_CODE);
  });
  // Where NATS and Redis are up, the first request already finds the stream and the seen ids.
  await Promise.all([redis.waitReady(FIRST_WAIT_MS), Promise.race([streamReady, setTimeout(FIRST_WAIT_MS)])]);
  const publisher = createEventPublisher(nats, {
    names,
    timeoutMs: config.PUBLISH_TIMEOUT_MS,
    ...(durability && { durability }),
    onBreakerChange: (state) => {
      if (state === 'open') log.warn('publishing_unanswered', { effect: 'events are refused with 503' });
      if (state === 'closed') log.info('publishing_answered');
    },
  });

  const inFlight = createInFlightBytes(config.inFlightBytesMax);
  const gatewayMetrics = createGatewayMetrics(metrics.registry, {
    redisBreakerState: () => redis.breakerState(),
    natsBreakerState: () => publisher.breakerState(),
    inFlightBytes: () => inFlight.current(),
    unacknowledgedBytes: () => publisher.unacknowledgedBytes(),
    streamMissing: () => publisher.streamMissing(),
    durabilityUnproven: () => durability?.unproven() ?? false,
  });
  const limit = { capacity: config.RATE_LIMIT_REQUESTS, windowSeconds: config.RATE_LIMIT_WINDOW };
  const { app, listener } = createApp({
    log,
    metrics,
    ...(workerOf && { metricsText: workerOf.metricsText }),
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
    publisher: diesAt(config.failpoint, publisher),
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
    listener,
    host: config.HOST,
    port: config.PORT,
    log,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
    async onShutdown() {
      stopping.abort();
      publisher.close();
      durability?.close();
      await Promise.all([nats.close(), redis.close()]);
    },
  });
  workerOf?.serving();

  async function prepareStream(): Promise<void> {
    const { signal } = stopping;
    await durability?.require(signal);
    await ensureEventStream(nats, {
      names,
      maxMessages: config.STREAM_MAX_MESSAGES,
      ...(config.STREAM_MAX_BYTES !== undefined && { maxBytes: config.STREAM_MAX_BYTES }),
      replicas: config.STREAM_REPLICAS,
      log,
      signal,
    });
    // Only now it is known which servers hold it.
    await durability?.require(signal);
  }
}
