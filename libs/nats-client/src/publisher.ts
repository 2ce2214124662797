import type { PubAck } from 'nats';
import type { NatsConnectionHandle, NatsSession } from './connection.js';
import { StreamUnavailableError } from './errors.js';
import type { StreamNames } from './names.js';
import { toStreamUnavailable } from './publish-errors.js';
import { watchStream } from './stream-watch.js';

export interface EventPublisher {
  /**
   * Resolves after the PubAck: the message is in the stream. Throws StreamUnavailableError, within timeoutMs, whose
   * `outcome` says whether it may be in the stream all the same.
   */
  publish(payload: Uint8Array): Promise<void>;
  /** When the stream was made, while that is known for sure; marks of another epoch count for nothing. */
  streamEpoch(): string | undefined;
  /** Connected, the stream is there, has room, and publishing did not fail just now. */
  ready(): boolean;
  /** The server said there is no such stream: an alarm. */
  streamMissing(): boolean;
  /** Bytes published and not acknowledged, for metrics. */
  unacknowledgedBytes(): number;
  close(): void;
}

export interface EventPublisherOptions {
  names: StreamNames;
  /** How long to wait for a PubAck. */
  timeoutMs: number;
  /** Past this many bytes that the server has not taken, publish refuses at once. Default 64 MiB. */
  maxUnacknowledgedBytes?: number;
  /** How often the stream is looked at. Default 2,000. */
  refreshMs?: number;
  clock?: () => number;
}

// After a failure without a later success the publisher counts as not ready for this long, then it may be tried again.
const NOT_READY_AFTER_FAILURE_MS = 5_000;

/** Publishes without Nats-Msg-Id: `PubAck.duplicate` is no proof that a message is present. */
export function createEventPublisher(nats: NatsConnectionHandle, o: EventPublisherOptions): EventPublisher {
  const clock = o.clock ?? Date.now;
  const maxUnacknowledgedBytes = o.maxUnacknowledgedBytes ?? 64 * 1024 * 1024;
  const watch = watchStream(nats, { stream: o.names.stream, refreshMs: o.refreshMs ?? 2_000 });
  let inFlightBytes = 0;
  // Timed out, so nobody waits for them, but they may still lie in the socket's buffer.
  let strandedBytes = 0;
  let flushing = false;
  let highestSequence = 0;
  let failedAtMs: number | undefined;

  const unhook = nats.onConnected(() => {
    strandedBytes = 0;
    failedAtMs = undefined;
  });

  function strand(session: NatsSession, bytes: number): void {
    strandedBytes += bytes;
    if (flushing) return;
    flushing = true;
    const strandedBefore = strandedBytes;
    // The PONG proves that everything written before the PING has left.
    session.connection
      .flush()
      .then(() => (strandedBytes = Math.max(0, strandedBytes - strandedBefore)))
      .catch(() => (strandedBytes = 0))
      .finally(() => (flushing = false));
  }

  function note(ack: PubAck, highestAtStart: number): void {
    failedAtMs = undefined;
    // Sequences only grow: going back means a stream made anew under the same name.
    if (ack.seq <= highestAtStart) {
      highestSequence = ack.seq;
      watch.distrust();
    } else {
      highestSequence = Math.max(highestSequence, ack.seq);
    }
  }

  function fail(error: StreamUnavailableError): StreamUnavailableError {
    // Too large is the caller's trouble, not the stream's.
    if (error.code !== 'too_large') failedAtMs = clock();
    if (error.code === 'no_stream') watch.distrust();
    return error;
  }

  return {
    async publish(payload) {
      const session = nats.session();
      if (!session)
        throw fail(new StreamUnavailableError('disconnected', 'refused', 'not connected to NATS'));
      if (inFlightBytes + strandedBytes + payload.length > maxUnacknowledgedBytes) {
        throw fail(new StreamUnavailableError('congested', 'refused', 'too much waits for NATS already'));
      }
      const highestAtStart = highestSequence;
      inFlightBytes += payload.length;
      try {
        const ack = await session.js.publish(o.names.subject, payload, {
          timeout: o.timeoutMs,
          expect: { streamName: o.names.stream },
        });
        note(ack, highestAtStart);
      } catch (error) {
        const unavailable = toStreamUnavailable(
          error,
          session.ended.aborted || session.connection.isClosed(),
        );
        if (unavailable.code === 'timeout') strand(session, payload.length);
        throw fail(unavailable);
      } finally {
        inFlightBytes -= payload.length;
      }
    },
    streamEpoch: () => watch.epoch(),
    ready: () =>
      nats.connected() &&
      watch.epoch() !== undefined &&
      !watch.full() &&
      (failedAtMs === undefined || clock() - failedAtMs > NOT_READY_AFTER_FAILURE_MS),
    streamMissing: () => watch.missing(),
    unacknowledgedBytes: () => inFlightBytes + strandedBytes,
    close() {
      watch.close();
      unhook();
    },
  };
}
