import { DiscardPolicy, headers, nanos, RetentionPolicy, StorageType, type MsgHdrs } from 'nats';
import { JS_STREAM_NAME_IN_USE, jetStreamErrorCode } from './api-errors.js';
import type { NatsConnectionHandle, NatsSession } from './connection.js';
import { StreamConfigError, StreamUnavailableError } from './errors.js';
import type { StreamNames } from './names.js';
import { toStreamUnavailable } from './publish-errors.js';
import { findStream } from './stream.js';

export interface DeadLetter {
  /** The event, or the whole message when it cannot be taken apart, as it was. */
  payload: Uint8Array;
  /** A code: why it can never be stored. */
  reason: string;
  /** The first error's words, for a person. */
  error: string;
  streamSequence: number;
  /** Creation time of the stream that the sequence belongs to. */
  streamEpoch: string;
  /** Which event of the message; -1 stands for the message as a whole. */
  index: number;
  /** How often the stream had delivered the message. */
  attempts: number;
}

export interface DeadLetters {
  /** Resolves after the PubAck; throws StreamUnavailableError. Only then may the original be acknowledged. */
  put(letter: DeadLetter): Promise<void>;
  /** Messages in the dead-letter stream; undefined while that is not known. */
  count(): Promise<number | undefined>;
}

export const DEAD_LETTER_HEADERS = Object.freeze({
  reason: 'Dead-Letter-Reason',
  error: 'Dead-Letter-Error',
  streamSequence: 'Dead-Letter-Stream-Sequence',
  streamEpoch: 'Dead-Letter-Stream-Epoch',
  index: 'Dead-Letter-Index',
  attempts: 'Dead-Letter-Attempts',
  time: 'Dead-Letter-Time',
});

const ERROR_LENGTH_MAX = 1_000;

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
  const checked = new WeakSet<NatsSession>();

  return {
    async put(letter) {
      const session = nats.session();
      if (!session) throw new StreamUnavailableError('disconnected', 'refused', 'not connected to NATS');
      try {
        if (!checked.has(session)) {
          await ensureDeadLetterStream(session, o.names, o.maxMessages ?? 100_000, o.replicas ?? 1);
          checked.add(session);
        }
        await session.js.publish(o.names.deadLetterSubject, letter.payload, {
          timeout: o.timeoutMs ?? 2_000,
          headers: toHeaders(letter, new Date(clock()).toISOString()),
          expect: { streamName: o.names.deadLetterStream },
        });
      } catch (error) {
        if (error instanceof StreamConfigError) throw error;
        const unavailable = toStreamUnavailable(error, session.ended.aborted);
        if (unavailable.code === 'no_stream') checked.delete(session);
        throw unavailable;
      }
    },
    async count() {
      const session = nats.session();
      if (!session) return undefined;
      return (await findStream(session, o.names.deadLetterStream))?.state.messages ?? 0;
    },
  };
}

async function ensureDeadLetterStream(
  session: NatsSession,
  names: StreamNames,
  maxMessages: number,
  replicas: number,
): Promise<void> {
  const existing = await findStream(session, names.deadLetterStream);
  if (existing) {
    const { config } = existing;
    if (config.storage !== StorageType.File || config.discard !== DiscardPolicy.New || config.max_age !== 0) {
      throw new StreamConfigError(
        `stream ${names.deadLetterStream} could lose dead letters: must be file, discard new, no max_age`,
      );
    }
    return;
  }
  try {
    await session.jsm.streams.add({
      name: names.deadLetterStream,
      subjects: [names.deadLetterSubject],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_age: nanos(0),
      max_msgs: maxMessages,
      num_replicas: replicas,
    });
  } catch (error) {
    if (jetStreamErrorCode(error) !== JS_STREAM_NAME_IN_USE) throw error;
  }
}

function toHeaders(letter: DeadLetter, time: string): MsgHdrs {
  const h = headers();
  h.set(DEAD_LETTER_HEADERS.reason, headerText(letter.reason));
  h.set(DEAD_LETTER_HEADERS.error, headerText(letter.error));
  h.set(DEAD_LETTER_HEADERS.streamSequence, String(letter.streamSequence));
  h.set(DEAD_LETTER_HEADERS.streamEpoch, headerText(letter.streamEpoch));
  h.set(DEAD_LETTER_HEADERS.index, String(letter.index));
  h.set(DEAD_LETTER_HEADERS.attempts, String(letter.attempts));
  h.set(DEAD_LETTER_HEADERS.time, time);
  return h;
}

/** One bounded line of printable ASCII: a header must not be broken by what it reports. */
function headerText(text: string): string {
  return text
    .slice(0, ERROR_LENGTH_MAX)
    .replace(/[^\x21-\x7e]+/g, ' ')
    .trim();
}
