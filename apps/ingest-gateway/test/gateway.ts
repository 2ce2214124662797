import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  decodeWireMessage,
  DEFAULT_LIMITS,
  type AcceptedEvent,
  type EventLimits,
} from '@event-analytics/event-schema';
import {
  connectNats,
  createEventPublisher,
  DEFAULT_STREAM_NAMES,
  ensureEventStream,
  type NatsConnectionHandle,
  type StreamNames,
} from '@event-analytics/nats-client';
import {
  connectRedis,
  createFallbackTokenBucket,
  createLocalTokenBucket,
  createSeenIds,
  createTokenBucket,
  type RedisConnection,
} from '@event-analytics/redis';
import { createMetrics, parseApiKeys, type Logger } from '@event-analytics/service-kit';
import { testServers, uniqueName } from '@event-analytics/testkit';
import { createApp } from '../src/app.js';
import { natsHealth, redisHealth } from '../src/health.js';
import { createInFlightBytes, type InFlightBytes } from '../src/http/in-flight-bytes.js';
import { createGatewayMetrics } from '../src/metrics.js';
import { post, type Answer, type PostOptions } from './post.js';

export interface GatewayOptions {
  redisUrl?: string;
  natsUrl?: string;
  stream?: string;
  keyPrefix?: string;
  apiKeys?: string;
  trustProxy?: number;
  limits?: Partial<EventLimits>;
  maxBodyBytes?: number;
  maxInFlightBytes?: number;
  maxMessages?: number;
  publishTimeoutMs?: number;
  rateLimit?: { capacity: number; windowSeconds: number };
  /** Milliseconds since 1970. */
  clock?: () => number;
}

export interface TestGateway {
  url: string;
  port: number;
  nats: NatsConnectionHandle;
  redis: RedisConnection;
  names: StreamNames;
  keyPrefix: string;
  inFlight: InFlightBytes;
  logged: { event: string; context: Record<string, unknown> }[];
  post(body: unknown, o?: PostOptions): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** The value of a series in /metrics, e.g. `events_duplicate_total{source="redis"}`; 0 if it is not there. */
  metric(name: string, labels?: Record<string, string>): Promise<number>;
  /** Events of every message that the stream holds, in its order. */
  stored(): Promise<AcceptedEvent[]>;
  messages(): Promise<number>;
  close(): Promise<void>;
}

/** The application on real servers, listening on a free port of this process. */
export async function startGateway(o: GatewayOptions = {}): Promise<TestGateway> {
  const logged: TestGateway['logged'] = [];
  const write = (event: string, context: Record<string, unknown> = {}) =>
    void logged.push({ event, context });
  const log: Logger = { debug: write, info: write, warn: write, error: write };

  const servers = testServers();
  const stream = o.stream ?? uniqueName('EVENTS');
  const keyPrefix = o.keyPrefix ?? `${uniqueName('gateway')}:`;
  const names = { ...DEFAULT_STREAM_NAMES, stream, subject: `${stream}.ingest` };
  const redis = connectRedis({
    url: o.redisUrl ?? servers.redisUrl,
    commandTimeoutMs: 50,
    probeIntervalMs: 100,
  });
  const nats = await connectNats({ servers: o.natsUrl ?? servers.natsUrl, name: 'gateway-test', log });
  await ensureEventStream(nats, { names, maxMessages: o.maxMessages ?? 100_000, log });
  const publisher = createEventPublisher(nats, {
    names,
    timeoutMs: o.publishTimeoutMs ?? 2_000,
    refreshMs: 200,
  });
  await redis.waitReady(2_000);
  while (publisher.streamEpoch() === undefined) await new Promise((resolve) => setTimeout(resolve, 5));

  const metrics = createMetrics({ service: 'ingest-gateway' });
  const inFlight = createInFlightBytes(o.maxInFlightBytes ?? 64 * 1024 * 1024);
  const gatewayMetrics = createGatewayMetrics(metrics.registry, {
    redisBreakerState: () => redis.breakerState(),
    natsBreakerState: () => publisher.breakerState(),
    inFlightBytes: () => inFlight.current(),
    unacknowledgedBytes: () => publisher.unacknowledgedBytes(),
    streamMissing: () => publisher.streamMissing(),
    durabilityUnproven: () => false,
  });
  const { listener } = createApp({
    log,
    metrics,
    gatewayMetrics,
    healthChecks: [natsHealth(nats, publisher, names), redisHealth(redis)],
    apiKeys: parseApiKeys(o.apiKeys ?? ''),
    trustProxy: o.trustProxy ?? 0,
    limits: { ...DEFAULT_LIMITS, ...o.limits },
    maxBodyBytes: o.maxBodyBytes ?? 5 * 1024 * 1024,
    inFlight,
    seenIds: createSeenIds(redis, { keyPrefix, ttlSeconds: 60, onFailure: gatewayMetrics.redisFailed }),
    publisher,
    rateLimit: o.rateLimit
      ? {
          ...o.rateLimit,
          bucket: createFallbackTokenBucket({
            primary: createTokenBucket(redis, { keyPrefix, ...o.rateLimit }),
            fallback: createLocalTokenBucket({
              ...o.rateLimit,
              maxKeys: 100,
              clock: () => performance.now(),
            }),
            onFailure: (code) => gatewayMetrics.redisFailed('limit', code),
          }),
        }
      : false,
    clock: o.clock ?? Date.now,
  });
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;

  return {
    url,
    port,
    nats,
    redis,
    names,
    keyPrefix,
    inFlight,
    logged,
    post: (body, options) => post(url, body, options),
    get: (path) => post(url, undefined, { path, method: 'GET' }),
    async metric(name, labels = {}) {
      const text = await metrics.registry.metrics();
      const line = text.split('\n').find((candidate) => {
        if (!candidate.startsWith(`${name}{`) && !candidate.startsWith(`${name} `)) return false;
        return Object.entries(labels).every(([key, value]) =>
          candidate.includes(`${key}=${JSON.stringify(value)}`),
        );
      });
      return line === undefined ? 0 : Number(line.slice(line.lastIndexOf(' ') + 1));
    },
    async stored() {
      const session = await nats.whenConnected();
      const { state } = await session.jsm.streams.info(stream);
      const events: AcceptedEvent[] = [];
      for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
        const message = await session.jsm.streams.getMessage(stream, { seq });
        events.push(...decodeWireMessage(message.data).events.map(({ event }) => event));
      }
      return events;
    },
    async messages() {
      const session = await nats.whenConnected();
      return (await session.jsm.streams.info(stream)).state.messages;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      publisher.close();
      await Promise.all([nats.close(), redis.close()]);
    },
  };
}
