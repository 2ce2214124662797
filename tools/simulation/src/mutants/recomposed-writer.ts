import {
  createRetryTiming,
  runLane,
  type Writer,
  type WriterOptions,
} from '@event-analytics/jetstream-writer/protocol';
import { consumeEvents, type DeadLetters, type EventConsumer } from '@event-analytics/nats-client';
import {
  classifyDatabaseError,
  writeEvents,
  type WritableEvent,
  type WriteResult,
} from '@event-analytics/timescale';

export interface WriterParts {
  consumer: EventConsumer;
  deadLetters: Pick<DeadLetters, 'put'>;
  write: (events: readonly WritableEvent[]) => Promise<WriteResult>;
}

/** startWriter with its parts changed: for mistakes that its options cannot express. */
export function recomposedWriter(change: (parts: WriterParts) => Partial<WriterParts>) {
  return (o: WriterOptions): Writer => {
    const stopping = new AbortController();
    const consumer = consumeEvents(o.nats, {
      names: o.names,
      log: o.log,
      maxMessages: o.lanes * o.batchEvents * 2,
      maxBytes: o.bufferBytes,
      ackWaitMs: o.ackWaitMs,
    });
    const parts: WriterParts = {
      consumer,
      deadLetters: o.deadLetters,
      write: (events) => writeEvents(o.db, events),
    };
    const changed = { ...parts, ...change(parts) };
    const lanes = Array.from({ length: o.lanes }, () =>
      runLane({
        ...changed,
        classify: classifyDatabaseError,
        batch: { maxEvents: o.batchEvents, maxBytes: o.bufferBytes, lingerMs: o.lingerMs },
        log: o.log,
        metrics: o.metrics,
        timing: createRetryTiming(),
        failpoint: o.failpoint,
        stopping: stopping.signal,
        clock: o.clock,
      }),
    );
    return {
      consumer: () => consumer.status(),
      async stop() {
        consumer.stop();
        stopping.abort();
        await Promise.all(lanes);
        await consumer.close();
      },
    };
  };
}
