import { AckPolicy, DeliverPolicy, nanos, type Consumer } from 'nats';
import type { NatsConnectionHandle } from '../connection.js';
import { StreamUnavailableError } from '../errors.js';
import type { StreamNames } from '../names.js';
import { findStream } from '../stream.js';
import type { LetterPlace } from './dead-letter.js';
import { letterIdentity, readLetterHeaders } from './letter-headers.js';
import { liveSession } from './live-session.js';

export interface IndexedLetter extends LetterPlace {
  reason: string;
}

const PAGE_MESSAGES = 500;
const PAGE_WAIT_MS = 5_000;
const CONSUMER_INACTIVE_MS = 30_000;

/**
 * Every letter, oldest first, by its headers alone: some hundred bytes each, and max_msgs bounds how many. A letter
 * that is there twice is one. What is put meanwhile may be missing. Undefined when the stream was never made; throws
 * StreamUnavailableError without a connection or when not all could be read, the driver's error when the server does not
 * answer.
 */
export async function indexDeadLetters(
  nats: NatsConnectionHandle,
  names: StreamNames,
): Promise<IndexedLetter[] | undefined> {
  const session = liveSession(nats);
  const info = await findStream(session, names.deadLetterStream);
  if (!info) return undefined;
  if (info.state.messages === 0) return [];
  const { name, num_pending } = await session.jsm.consumers.add(names.deadLetterStream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.All,
    headers_only: true,
    inactive_threshold: nanos(CONSUMER_INACTIVE_MS),
    mem_storage: true,
    num_replicas: 1,
  });
  try {
    const consumer = await session.js.consumers.get(names.deadLetterStream, name);
    return await readIndex(consumer, num_pending);
  } finally {
    // It would go by itself.
    await session.jsm.consumers.delete(names.deadLetterStream, name).catch(() => undefined);
  }
}

async function readIndex(consumer: Consumer, messages: number): Promise<IndexedLetter[]> {
  const letters: IndexedLetter[] = [];
  const known = new Map<string, IndexedLetter>();
  let received = 0;
  for (let pending = messages; pending > 0;) {
    const asked = Math.min(pending, PAGE_MESSAGES);
    const receivedBefore = received;
    for await (const message of await consumer.fetch({ max_messages: asked, expires: PAGE_WAIT_MS })) {
      received += 1;
      if (message.info.deliverySequence !== received) throw incomplete();
      pending = message.info.pending;
      const story = readLetterHeaders(message.headers);
      const identity = letterIdentity(story);
      const first = identity === undefined ? undefined : known.get(identity);
      if (first) {
        first.copies.push(message.seq);
        continue;
      }
      const letter = { sequence: message.seq, copies: [], reason: story.reason };
      letters.push(letter);
      if (identity !== undefined) known.set(identity, letter);
    }
    if (received - receivedBefore === asked) continue;
    // Some were removed meanwhile, or the server is too slow, or what it delivered was lost on the way.
    const { delivered, num_pending } = await consumer.info();
    const isStuck = received === receivedBefore && num_pending > 0;
    if (isStuck || delivered.consumer_seq !== received) throw incomplete();
    pending = num_pending;
  }
  return letters;
}

function incomplete(): StreamUnavailableError {
  return new StreamUnavailableError(
    'timeout',
    'refused',
    'the dead-letter stream did not deliver all its letters',
  );
}
