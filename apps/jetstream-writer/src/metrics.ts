import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { ConsumerStatus } from '@event-analytics/nats-client';
import type { Backlog } from './backlog.js';

export type WriterMetrics = ReturnType<typeof createWriterMetrics>;

/** The writer's own series; what is read from elsewhere (`o`) is asked at each scrape. */
export function createWriterMetrics(
  registry: Registry,
  o: { backlog: () => Backlog; consumer: () => ConsumerStatus | undefined },
) {
  const registers = [registry];
  const ingested = new Counter({
    name: 'events_ingested_total',
    help: 'Events stored: rows that were really inserted.',
    registers,
  });
  const duplicates = new Counter({
    name: 'events_duplicate_total',
    help: 'Events that PostgreSQL had already, redelivered ones among them.',
    labelNames: ['source'],
    registers,
  });
  const batchEvents = new Histogram({
    name: 'write_batch_events',
    help: 'Events of one batch (messages merged and acknowledged together).',
    buckets: [1, 10, 50, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000],
    registers,
  });
  const duration = new Histogram({
    name: 'write_duration_seconds',
    help: 'From a batch being complete to its acknowledgement, attempts and waits included.',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
    registers,
  });
  const deadLetters = new Counter({
    name: 'dead_letters_total',
    help: 'Events, or whole messages, that can never be stored and went to the dead-letter stream.',
    labelNames: ['reason'],
    registers,
  });
  const retries = new Counter({
    name: 'write_retries_total',
    help: 'Failed attempts that are made again: retryable (passing trouble), fault (ours), dead_letter.',
    labelNames: ['kind'],
    registers,
  });
  const faults = new Counter({
    name: 'writer_faults_total',
    help: 'Failures that do not pass by themselves. Any increase is an alarm.',
    registers,
  });

  const upkeepFailures = new Counter({
    name: 'storage_upkeep_failures_total',
    help: 'Upkeep of the event storage that failed and is tried again some minutes later: make_partitions, columnstore, drop_events.',
    labelNames: ['step'],
    registers,
  });
  const partitionsDropped = new Counter({
    name: 'event_partitions_dropped_total',
    help: 'Partitions (chunks) of raw events that this writer dropped because they were too old.',
    registers,
  });

  // At zero from the start, so that the first increase is seen.
  duplicates.inc({ source: 'postgres' }, 0);
  for (const kind of ['retryable', 'fault', 'dead_letter']) retries.inc({ kind }, 0);
  for (const step of ['make_partitions', 'columnstore', 'drop_events']) upkeepFailures.inc({ step }, 0);

  gauge('stream_lag_messages', 'Messages not stored yet: pending and delivered ones together.', () => {
    const { lag } = o.backlog();
    return lag && lag.pending + lag.ackPending;
  });
  gauge('stream_pending_messages', 'Messages not yet delivered to a writer.', () => o.backlog().lag?.pending);
  gauge(
    'stream_ack_pending',
    'Messages delivered and not yet acknowledged.',
    () => o.backlog().lag?.ackPending,
  );
  gauge(
    'stream_oldest_message_age_seconds',
    'Age of the oldest message that is not stored yet; 0 when nothing waits.',
    () => {
      const { lag } = o.backlog();
      return lag && lag.pending + lag.ackPending === 0 ? 0 : lag?.oldestAgeSeconds;
    },
  );
  gauge('dead_letter_stream_messages', 'Dead letters kept.', () => o.backlog().deadLetters?.messages);
  gauge(
    'dead_letter_oldest_age_seconds',
    'How long the oldest dead letter has been kept; 0 when there is none.',
    () => o.backlog().deadLetters?.oldestAgeSeconds,
  );
  gauge(
    'activity_log_rows',
    'Rows of the activity log that wait for the index; an estimate of PostgreSQL.',
    () => o.backlog().activityLogRows,
  );
  gauge(
    'event_stream_missing',
    '1: the event stream was deleted. It is not made anew; an operator decides.',
    () => (o.consumer()?.streamMissing ? 1 : 0),
  );
  gauge('writer_held_messages', 'Messages in memory.', () => o.consumer()?.heldMessages);
  gauge('writer_held_bytes', 'Bytes of messages in memory.', () => o.consumer()?.heldBytes);

  return {
    written(batch: { events: number; inserted: number; duplicates: number; durationSeconds: number }) {
      ingested.inc(batch.inserted);
      duplicates.inc({ source: 'postgres' }, batch.duplicates);
      batchEvents.observe(batch.events);
      duration.observe(batch.durationSeconds);
    },
    buried: (reason: string) => deadLetters.inc({ reason }),
    retried: (kind: string) => retries.inc({ kind }),
    fault: () => faults.inc(),
    upkeepFailed: (step: string) => upkeepFailures.inc({ step }),
    partitionsDropped: (count: number) => partitionsDropped.inc(count),
  };

  /** Without a sample while the value is not known. */
  function gauge(name: string, help: string, read: () => number | undefined) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        const value = read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }
}
