import { createProbedBreaker, type BreakerState } from '@event-analytics/circuit-breaker';
import { Empty, type PubAck } from 'nats';
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
  /** Connected, the stream is there, has room, and publishing works as far as is known. */
  ready(): boolean;
  /** The server said there is no such stream: an alarm. */
  streamMissing(): boolean;
  /** Open from a publish that was not answered in time until a probe is; meanwhile publish refuses at once. */
  breakerState(): BreakerState;
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
  /** Publishes only on sessions that it covers: see watchDurability. */
  durability?: { covers(session: NatsSession): boolean };
  onBreakerChange?: (state: BreakerState) => void;
}

const PROBE_INTERVAL_MS = 500;
const PROBE_TIMEOUT_MS = 1_000;
// No stream has it: names have no dots.
const NO_STREAM = 'breaker.probe';
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

  const breaker = createProbedBreaker({
    // Whatever else comes, comes at once.
    opens: (error) => error instanceof StreamUnavailableError && error.code === 'timeout',
    refusal: () => new StreamUnavailableError('breaker_open', 'refused', 'NATS does not answer; not asked'),
    probe,
    probeIntervalMs: PROBE_INTERVAL_MS,
    onStateChange(state) {
      if (state === 'closed') failedAtMs = undefined;
      o.onBreakerChange?.(state);
    },
  });
  const unhook = nats.onConnected(() => {
    strandedBytes = 0;
    failedAtMs = undefined;
    // Nothing is known against this one.
    breaker.probeNow();
  });

  /**
   * A message that the stream refuses for what it expects, behind all that came before it: an answer shows that the
   * stream works off what is published, and nothing is stored.
   */
  async function probe(): Promise<void> {
    const session = nats.session();
    if (session) await send(session, Empty, { timeoutMs: PROBE_TIMEOUT_MS, expectStream: NO_STREAM });
  }

  async function send(
    session: NatsSession,
    payload: Uint8Array,
    { timeoutMs, expectStream }: { timeoutMs: number; expectStream: string },
  ): Promise<PubAck> {
    try {
      return await session.js.publish(o.names.subject, payload, {
        timeout: timeoutMs,
        expect: { streamName: expectStream },
      });
    } catch (error) {
      throw toStreamUnavailable(error, session.ended.aborted || session.connection.isClosed());
    }
  }

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
    // Too large is the caller's trouble, not the stream's; the breaker knows by itself when it is over.
    if (error.code !== 'too_large' && error.code !== 'breaker_open') failedAtMs = clock();
    if (error.code === 'no_stream') watch.distrust();
    return error;
  }

  function mayPublish(): boolean {
    const session = nats.session();
    return session !== undefined && o.durability?.covers(session) !== false;
  }

  return {
    async publish(payload) {
      const session = nats.session();
      if (!session)
        throw fail(new StreamUnavailableError('disconnected', 'refused', 'not connected to NATS'));
      if (o.durability?.covers(session) === false) {
        throw fail(
          new StreamUnavailableError('not_durable', 'refused', 'NATS may acknowledge before it syncs'),
        );
      }
      if (inFlightBytes + strandedBytes + payload.length > maxUnacknowledgedBytes) {
        throw fail(new StreamUnavailableError('congested', 'refused', 'too much waits for NATS already'));
      }
      const highestAtStart = highestSequence;
      inFlightBytes += payload.length;
      try {
        const expected = { timeoutMs: o.timeoutMs, expectStream: o.names.stream };
        note(await breaker.run(() => send(session, payload, expected)), highestAtStart);
      } catch (error) {
        if (!(error instanceof StreamUnavailableError)) throw error;
        if (error.code === 'timeout') strand(session, payload.length);
        throw fail(error);
      } finally {
        inFlightBytes -= payload.length;
      }
    },
    streamEpoch: () => watch.epoch(),
    ready: () =>
      mayPublish() &&
      watch.epoch() !== undefined &&
      !watch.full() &&
      breaker.state() === 'closed' &&
      (failedAtMs === undefined || clock() - failedAtMs > NOT_READY_AFTER_FAILURE_MS),
    streamMissing: () => watch.missing(),
    breakerState: () => breaker.state(),
    unacknowledgedBytes: () => inFlightBytes + strandedBytes,
    close() {
      watch.close();
      breaker.close();
      unhook();
    },
  };
}
