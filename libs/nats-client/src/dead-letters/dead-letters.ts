import type { NatsConnectionHandle, NatsSession } from '../connection.js';
import { StreamConfigError } from '../errors.js';
import type { StreamNames } from '../names.js';
import { toStreamUnavailable } from '../publish-errors.js';
import { findStream } from '../stream.js';
import { ensureDeadLetterStream } from './dead-letter-stream.js';
import type { DeadLetter } from './dead-letter.js';
import { writeLetterHeaders } from './letter-headers.js';
import { liveSession } from './live-session.js';

export interface DeadLetterBacklog {
  /** What the stream holds, copies of letters included. */
  messages: number;
  /** Since the oldest was put; 0 when there is none. */
  oldestAgeSeconds: number;
}

export interface DeadLetters {
  /** Resolves after the PubAck; throws StreamUnavailableError. Only then may the original be acknowledged. */
  put(letter: DeadLetter): Promise<void>;
  /** How many there are, and since when; undefined while that is not known. */
  backlog(): Promise<DeadLetterBacklog | undefined>;
}

/**
 * The stream for what PostgreSQL can never store: one message per poison event, its story in the headers. Limits
 * retention, on disk, kept until somebody removes it. Bounded by max_msgs with discard:new, so a full dead-letter
 * stream refuses (and its writer stops acknowledging, with an alarm) rather than evict an event that was answered 202;
 * no max_bytes, which evicts under discard:new before NATS 2.10.5. A letter may be there twice after a crash: stream
 * epoch, sequence and index tell. Made when first needed, so that a writer without poison makes nothing.
 */
export function createDeadLetters(
  nats: NatsConnectionHandle,
  o: {
    names: StreamNames;
    maxMessages?: number;
    replicas?: number;
    timeoutMs?: number;
    clock?: () => number;
  },
): DeadLetters {
  const clock = o.clock ?? Date.now;
  const limits = { maxMessages: o.maxMessages ?? 100_000, replicas: o.replicas ?? 1 };
  // Letters are put many at once: the first of a session looks at the stream, the others wait for it.
  const checks = new WeakMap<NatsSession, Promise<void>>();

  async function check(session: NatsSession): Promise<void> {
    let checked = checks.get(session);
    if (!checked) {
      checked = ensureDeadLetterStream(session, o.names, limits);
      checks.set(session, checked);
    }
    try {
      await checked;
    } catch (error) {
      checks.delete(session);
      throw error;
    }
  }

  return {
    async put(letter) {
      const session = liveSession(nats);
      try {
        await check(session);
        await session.js.publish(o.names.deadLetterSubject, letter.payload, {
          timeout: o.timeoutMs ?? 2_000,
          headers: writeLetterHeaders(letter, new Date(clock()).toISOString()),
          expect: { streamName: o.names.deadLetterStream },
        });
      } catch (error) {
        if (error instanceof StreamConfigError) throw error;
        const unavailable = toStreamUnavailable(error, session.ended.aborted);
        if (unavailable.code === 'no_stream') checks.delete(session);
        throw unavailable;
      }
    },
    async backlog() {
      const session = nats.session();
      if (!session) return undefined;
      const state = (await findStream(session, o.names.deadLetterStream))?.state;
      if (!state || state.messages === 0) return { messages: 0, oldestAgeSeconds: 0 };
      const ageMs = clock() - Date.parse(state.first_ts);
      return { messages: state.messages, oldestAgeSeconds: Math.max(0, ageMs / 1_000) };
    },
  };
}
