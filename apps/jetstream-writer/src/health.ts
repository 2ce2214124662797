import {
  streamLag,
  type ConsumerStatus,
  type NatsConnectionHandle,
  type StreamNames,
} from '@event-analytics/nats-client';
import type { HealthCheck } from '@event-analytics/service-kit';
import { checkDatabase, type Database, type IndexerStatus } from '@event-analytics/timescale';
import type { Backlog } from './backlog.js';

const DATABASE_TIMEOUT_MS = 2_000;

/** What the writer depends on; a check that throws is down. */
export function healthChecks(o: {
  nats: NatsConnectionHandle;
  names: StreamNames;
  db: Database;
  /** Why the schema will not do, as far as that is known. */
  refusal: () => string | undefined;
  backlog: () => Backlog;
  /** Undefined before the writer runs. */
  consumer: () => ConsumerStatus | undefined;
  /** Undefined where this writer does not index. */
  indexer: () => IndexerStatus | undefined;
}): HealthCheck[] {
  return [
    {
      name: 'postgres',
      critical: true,
      async check() {
        const state = await checkDatabase(o.db, { timeoutMs: DATABASE_TIMEOUT_MS });
        if (!state.migrated) throw new Error('the schema is not up to date');
        const refusal = o.refusal();
        if (refusal !== undefined) throw new Error(refusal);
        return { ...state };
      },
    },
    {
      name: 'nats',
      critical: true,
      async check() {
        const { connected, server, serverVersion, connects } = o.nats.status();
        if (!connected) throw new Error('not connected');
        // A server that hangs keeps its connections for a while: asked, not remembered.
        if (!(await streamLag(o.nats, o.names))) throw new Error('the event stream is missing');
        return { server, version: serverVersion, connects };
      },
    },
    {
      name: 'stream',
      critical: true,
      check() {
        const consumer = o.consumer();
        if (!consumer)
          return Promise.reject(new Error('not started yet: waits for the database or the stream'));
        if (consumer.streamMissing) return Promise.reject(new Error('the event stream is missing'));
        if (consumer.refusal !== undefined) return Promise.reject(new Error(consumer.refusal));
        if (!consumer.attached) return Promise.reject(new Error('not pulling'));
        const { lag, deadLetters } = o.backlog();
        return Promise.resolve({
          pending: lag?.pending,
          ack_pending: lag?.ackPending,
          oldest_age_seconds: lag?.oldestAgeSeconds,
          dead_letters: deadLetters?.messages,
          oldest_dead_letter_age_seconds: deadLetters?.oldestAgeSeconds,
        });
      },
    },
    indexHealth(o.indexer),
  ];
}

/** Events are stored without the index; statistics wait. */
export function indexHealth(indexer: () => IndexerStatus | undefined): HealthCheck {
  return {
    name: 'index',
    critical: false,
    check() {
      const status = indexer();
      if (status === undefined) return Promise.resolve({ indexing: false });
      const { outlook, building } = status;
      return Promise.resolve({
        indexing: true,
        // null: not known.
        lag_seconds: outlook === undefined ? null : (outlook.recentSeconds ?? 0),
        history_lag_seconds: outlook === undefined ? null : (outlook.historicalSeconds ?? 0),
        building: Object.fromEntries([...building].map(([zone, share]) => [zone || 'counts', share])),
      });
    },
  };
}
