import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { EventProblem, WireEvent } from '@event-analytics/event-schema';
import { BREAKER_STATE_NUMBERS, type BreakerState } from '@event-analytics/circuit-breaker';
import type { RedisFailureCode } from '@event-analytics/redis';
import { createEventTypeLabels } from './event-type-labels.js';

const EVENT_TYPE_LABELS_MAX = 100;

export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** The gateway's own series; what is read from elsewhere (`o`) is asked at each scrape. */
export function createGatewayMetrics(
  registry: Registry,
  o: {
    redisBreakerState: () => BreakerState;
    natsBreakerState: () => BreakerState;
    inFlightBytes: () => number;
    unacknowledgedBytes: () => number;
    streamMissing: () => boolean;
    durabilityUnproven: () => boolean;
  },
) {
  const registers = [registry];
  const eventTypeLabel = createEventTypeLabels(EVENT_TYPE_LABELS_MAX);

  // Counted in a plain map until somebody asks: a counter with labels costs a small request more than its parsing.
  const receivedByType = new Map<string, number>();
  new Counter({
    name: 'events_received_total',
    help: `Valid events received, duplicates too, by type (the first ${EVENT_TYPE_LABELS_MAX} types, then "other").`,
    labelNames: ['event_type'],
    registers,
    collect() {
      for (const [event_type, count] of receivedByType) this.inc({ event_type }, count);
      receivedByType.clear();
    },
  });
  const duplicates = new Counter({
    name: 'events_duplicate_total',
    help: 'Events not published: repeated within a batch, or done before as Redis remembers.',
    labelNames: ['source'],
    registers,
  });
  const rejected = new Counter({
    name: 'events_rejected_total',
    help: 'Problems found in events, by code.',
    labelNames: ['code'],
    registers,
  });
  const duration = new Histogram({
    name: 'ingestion_duration_seconds',
    help: 'From the last byte of a request to the acknowledgement of its last event.',
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const rateLimited = new Counter({
    name: 'rate_limit_exceeded_total',
    help: 'Requests refused with 429.',
    registers,
  });
  const publishFailures = new Counter({
    name: 'publish_failures_total',
    help: 'Messages that JetStream did not acknowledge, by code.',
    labelNames: ['code'],
    registers,
  });
  const redisFailures = new Counter({
    name: 'redis_failures_total',
    help: 'Calls to Redis that brought nothing; each had its fallback.',
    labelNames: ['operation', 'code'],
    registers,
  });
  gauge(
    'redis_breaker_state',
    '0 closed, 1 half open, 2 open (Redis is not asked).',
    () => BREAKER_STATE_NUMBERS[o.redisBreakerState()],
    'max',
  );
  gauge(
    'nats_breaker_state',
    '0 closed, 1 half open, 2 open (nothing is published: 503).',
    () => BREAKER_STATE_NUMBERS[o.natsBreakerState()],
    'max',
  );
  gauge('in_flight_bytes', 'Bytes of request bodies held by unanswered requests.', o.inFlightBytes);
  gauge('publish_unacknowledged_bytes', 'Bytes published and not yet acknowledged.', o.unacknowledgedBytes);
  gauge(
    'event_stream_missing',
    '1: the event stream was deleted. It is not made anew; an operator decides.',
    () => (o.streamMissing() ? 1 : 0),
    'max',
  );
  gauge(
    'nats_durability_unproven',
    '1: STRICT_DURABILITY, and NATS is not known to sync before it acknowledges. Nothing is published.',
    () => (o.durabilityUnproven() ? 1 : 0),
    'max',
  );

  return {
    received(events: readonly WireEvent[]) {
      for (const { event_type } of events) {
        const label = eventTypeLabel(event_type);
        receivedByType.set(label, (receivedByType.get(label) ?? 0) + 1);
      }
    },
    duplicates(source: 'batch' | 'redis', count: number) {
      if (count > 0) duplicates.inc({ source }, count);
    },
    rejected(problems: readonly EventProblem[]) {
      for (const { code } of problems) rejected.inc({ code });
    },
    ingested: (durationSeconds: number) => duration.observe(durationSeconds),
    rateLimited: () => rateLimited.inc(),
    publishFailed: (code: string) => publishFailures.inc({ code }),
    redisFailed: (operation: 'seen' | 'mark' | 'limit', code: RedisFailureCode) =>
      redisFailures.inc({ operation, code }),
  };

  /** `overWorkers`: what a scrape makes of the values of several workers. */
  function gauge(name: string, help: string, read: () => number, overWorkers: 'sum' | 'max' = 'sum') {
    new Gauge({
      name,
      help,
      aggregator: overWorkers,
      registers,
      collect() {
        this.set(read());
      },
    });
  }
}
