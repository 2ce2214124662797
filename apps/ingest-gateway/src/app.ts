import type { EventLimits } from '@event-analytics/event-schema';
import { StreamUnavailableError, type EventPublisher } from '@event-analytics/nats-client';
import type { SeenIds, TokenBucket } from '@event-analytics/redis';
import {
  clientAddress,
  createServiceApp,
  expressRoute,
  serveEarly,
  type ApiKeys,
  type HealthCheck,
  type Logger,
  type Metrics,
} from '@event-analytics/service-kit';
import type { RequestListener } from 'node:http';
import type { Express } from 'express';
import { eventsErrors, serveEvents } from './http/events-route.js';
import type { InFlightBytes } from './http/in-flight-bytes.js';
import { createRateLimit } from './http/rate-limit.js';
import { createIngestEvents } from './ingest/ingest-events.js';
import { createPublishEvents } from './ingest/publish-events.js';
import { createReadBatch } from './ingest/read-batch.js';
import type { GatewayMetrics } from './metrics.js';

export interface AppDependencies {
  log: Logger;
  metrics: Metrics;
  /** Answers GET /metrics; default: this process' own. */
  metricsText?: () => Promise<string>;
  gatewayMetrics: GatewayMetrics;
  healthChecks: HealthCheck[];
  apiKeys: ApiKeys;
  trustProxy: number | string | boolean;
  limits: Readonly<EventLimits>;
  maxBodyBytes: number;
  inFlight: InFlightBytes;
  seenIds: SeenIds;
  publisher: Pick<EventPublisher, 'publish' | 'streamEpoch'>;
  /** false: no limit. */
  rateLimit: { bucket: TokenBucket; capacity: number; windowSeconds: number } | false;
  /** Milliseconds since 1970. */
  clock: () => number;
}

export interface App {
  app: Express;
  /** Serves POST /events, and hands everything else to the application. */
  listener: RequestListener;
}

/** The service as an Express application: it neither listens nor reads the environment. */
export function createApp(o: AppDependencies): App {
  const ingestEvents = createIngestEvents({
    readBatch: createReadBatch(o.limits),
    seenIds: o.seenIds,
    streamEpoch: () => o.publisher.streamEpoch(),
    publishEvents: createPublishEvents({
      publish: (payload) => o.publisher.publish(payload),
      clock: o.clock,
      onFailure: (error) =>
        o.gatewayMetrics.publishFailed(error instanceof StreamUnavailableError ? error.code : 'other'),
    }),
    clock: o.clock,
    log: o.log,
    metrics: o.gatewayMetrics,
  });
  const serve = serveEvents({
    apiKeys: o.apiKeys,
    rateLimit: o.rateLimit
      ? createRateLimit({ ...o.rateLimit, onExceeded: o.gatewayMetrics.rateLimited })
      : undefined,
    clientAddress: (request) => clientAddress(app, request),
    ingestEvents,
    inFlight: o.inFlight,
    maxBodyBytes: o.maxBodyBytes,
  });
  const app = createServiceApp({
    service: 'ingest-gateway',
    log: o.log,
    metrics: o.metrics,
    ...(o.metricsText && { metricsText: o.metricsText }),
    healthChecks: o.healthChecks,
    trustProxy: o.trustProxy,
    mount: (mounted) => mounted.post('/events', expressRoute(serve), eventsErrors),
  });
  const { log, metrics } = o;
  const routes = [{ method: 'POST', path: '/events', serve }];
  const listener = serveEarly(app, { routes, log, metrics });
  return { app, listener };
}
