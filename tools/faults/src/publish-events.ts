import { encodeWireMessages } from '@event-analytics/event-schema';
import {
  createEventPublisher,
  DEFAULT_STREAM_NAMES,
  type NatsConnectionHandle,
} from '@event-analytics/nats-client';
import type { SentEvent } from './event-of.js';
import { noteAcknowledged, noteSent, type Ledger } from './ledger.js';

const TIMEOUT_MS = 10_000;
const MESSAGE_BYTES_MAX = 512 * 1_024;

/**
 * Puts events into the stream, past the gateway, so many in a message, in their order; the stream's word that it has
 * them is their acknowledgement.
 */
export async function publishEvents(
  nats: NatsConnectionHandle,
  events: readonly SentEvent[],
  ledger: Ledger,
  { perMessage }: { perMessage: number },
): Promise<void> {
  noteSent(ledger, events);
  const receivedAt = new Date().toISOString();
  const messages: Uint8Array[] = [];
  for (let i = 0; i < events.length; i += perMessage) {
    const some = events.slice(i, i + perMessage).map((e) => ({ ...e, properties: {} }));
    messages.push(...encodeWireMessages(some, { receivedAt, maxBytes: MESSAGE_BYTES_MAX }));
  }
  await publishMessages(nats, messages);
  noteAcknowledged(ledger, events);
}

/** Puts messages into the stream as they are, one after the other. */
export async function publishMessages(
  nats: NatsConnectionHandle,
  messages: readonly Uint8Array[],
): Promise<void> {
  const publisher = createEventPublisher(nats, { names: DEFAULT_STREAM_NAMES, timeoutMs: TIMEOUT_MS });
  try {
    for (const message of messages) await publisher.publish(message);
  } finally {
    publisher.close();
  }
}
