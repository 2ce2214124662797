import {
  streamLag,
  type EventPublisher,
  type NatsConnectionHandle,
  type StreamNames,
} from '@event-analytics/nats-client';
import type { RedisConnection } from '@event-analytics/redis';
import type { HealthCheck } from '@event-analytics/service-kit';

/**
 * Without the stream nothing can be taken: critical. Asks the server itself, not a memory of it; but where publishing
 * is known to fail there is no need to wait for a server that may hang.
 */
export function natsHealth(
  nats: NatsConnectionHandle,
  publisher: EventPublisher,
  names: StreamNames,
): HealthCheck {
  return {
    name: 'nats',
    critical: true,
    async check() {
      if (!nats.connected()) throw new Error('not connected');
      if (publisher.breakerState() !== 'closed') throw new Error('publishing is not answered');
      const lag = await streamLag(nats, names);
      if (!lag) throw new Error('the event stream is missing');
      if (!publisher.ready()) throw new Error('the event stream does not take events');
      return { messages: lag.messages, pending: lag.pending, ack_pending: lag.ackPending };
    },
    facts: () => ({ breaker: publisher.breakerState() }),
  };
}

/** Without Redis everything works, only slower: duplicates reach PostgreSQL, each process limits by itself. */
export function redisHealth(redis: RedisConnection): HealthCheck {
  return {
    name: 'redis',
    critical: false,
    async check() {
      const { pingMs } = await redis.check();
      return { ping_ms: pingMs };
    },
    facts: () => ({ breaker: redis.breakerState() }),
  };
}
