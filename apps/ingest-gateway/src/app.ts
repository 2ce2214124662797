import { parseJsonBatch, parseNdjsonBatch, type EventLimits } from '@event-analytics/event-schema';
import { StreamUnavailableError, type EventPublisher } from '@event-analytics/nats-client';
import type { SeenIds, TokenBucket } from '@event-analytics/redis';
import {
  createServiceApp,
  requireScope,
  type ApiKeys,
  type HealthCheck,
  type Logger,
  type Metrics,
} from '@event-analytics/service-kit';
import type { Express } from 'express';
import { eventsErrors, eventsRoute } from './http/events-route.js';
import type { InFlightBytes } from './http/in-flight-bytes.js';
import { rateLimit } from './http/rate-limit.js';
import { createIngestEvents } from './ingest/ingest-events.js';
import { createPublishEvents } from './ingest/publish-events.js';
import type { GatewayMetrics } from './metrics.js';

export interface AppDependencies {
  log: Logger;
  metrics: Metrics;
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

/** The service as an Express application: it neither listens nor reads the environment. */
export function createApp(o: AppDependencies): Express {
  const ingestEvents = createIngestEvents({
    parse: (body, format, nowMs) =>
      (format === 'json' ? parseJsonBatch : parseNdjsonBatch)(body, { limits: o.limits, nowMs }),
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
  return createServiceApp({
    service: 'ingest-gateway',
    log: o.log,
    metrics: o.metrics,
    healthChecks: o.healthChecks,
    trustProxy: o.trustProxy,
    mount(app) {
      app.post(
        '/events',
        requireScope(o.apiKeys, 'ingest'),
        ...(o.rateLimit ? [rateLimit({ ...o.rateLimit, onExceeded: o.gatewayMetrics.rateLimited })] : []),
        eventsRoute({ ingestEvents, inFlight: o.inFlight, maxBodyBytes: o.maxBodyBytes }),
        eventsErrors,
      );
    },
  });
}
