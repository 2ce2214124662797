import { setTimeout as sleep } from 'node:timers/promises';
import {
  consumeEvents,
  purgeAcknowledged,
  type ClientLog,
  type ConsumerStatus,
  type DeadLetters,
  type NatsConnectionHandle,
  type StreamNames,
} from '@event-analytics/nats-client';
import { classifyDatabaseError, writeEvents, type Database } from '@event-analytics/timescale';
import type { Failpoint } from './failpoint.js';
import type { WriterMetrics } from './metrics.js';
import { createRetryTiming } from './write/backoff.js';
import { runLane, type LaneLog } from './write/lane.js';
import { createPrefetch } from './write/prefetch.js';

export interface Writer {
  consumer(): ConsumerStatus;
  /** Takes no more, finishes and acknowledges what is in hand; what is not finished in time comes again elsewhere. */
  stop(o: { timeoutMs: number }): Promise<void>;
}

export interface WriterOptions {
  nats: NatsConnectionHandle;
  names: StreamNames;
  db: Database;
  deadLetters: DeadLetters;
  metrics: WriterMetrics;
  log: ClientLog & LaneLog;
  lanes: number;
  batchEvents: number;
  lingerMs: number;
  bufferBytes: number;
  ackWaitMs: number;
  failpoint: (reached: Failpoint) => void;
  clock: () => number;
}

const PURGE_EVERY_MS = 60_000;
// One batch being written and one waiting, for each lane, even if every message holds one event.
const BATCHES_HELD_PER_LANE = 2;

/** Starts the lanes. The stream and the schema must be there. */
export function startWriter(o: WriterOptions): Writer {
  const stopping = new AbortController();
  const prefetch = createPrefetch(o);
  const consumer = consumeEvents(o.nats, {
    names: o.names,
    log: o.log,
    maxMessages: o.lanes * o.batchEvents * BATCHES_HELD_PER_LANE,
    maxBytes: () => prefetch.maxBytes(),
    ackWaitMs: o.ackWaitMs,
  });
  const lanes = Array.from({ length: o.lanes }, () =>
    runLane({
      consumer,
      deadLetters: o.deadLetters,
      write: (events) => writeEvents(o.db, events),
      classify: classifyDatabaseError,
      batch: {
        maxEvents: o.batchEvents,
        maxBytes: o.bufferBytes / o.lanes,
        lingerMs: o.lingerMs,
      },
      onCollected: (batch) => prefetch.learn(batch),
      log: o.log,
      metrics: o.metrics,
      timing: createRetryTiming(),
      failpoint: o.failpoint,
      stopping: stopping.signal,
      clock: o.clock,
    }),
  );

  const purge = (): void => {
    purgeAcknowledged(o.nats, o.names)
      .then((purged) => {
        if (purged > 0) o.log.warn('acknowledged_messages_purged', { purged });
      })
      .catch((error: unknown) => o.log.warn('purge_failed', { error: String(error) }));
  };
  const unhook = o.nats.onConnected(purge);
  const purgeTimer = setInterval(purge, PURGE_EVERY_MS);
  purgeTimer.unref();

  return {
    consumer: () => consumer.status(),
    async stop({ timeoutMs }) {
      unhook();
      clearInterval(purgeTimer);
      consumer.stop();
      stopping.abort();
      const finished = Promise.all(lanes).then(() => true);
      if (!(await Promise.race([finished, sleep(timeoutMs, false, { ref: false })]))) {
        o.log.warn('batches_left_unfinished', { timeout_ms: timeoutMs });
      }
      await consumer.close();
    },
  };
}
