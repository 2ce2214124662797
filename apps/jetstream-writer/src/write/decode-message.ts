import { decodeWireMessage, WireFormatError } from '@event-analytics/event-schema';
import type { DeadLetter, StreamMessage } from '@event-analytics/nats-client';
import type { WritableEvent } from '@event-analytics/timescale';

/** One event of a message, with where it came from. */
export interface Entry {
  event: WritableEvent;
  message: StreamMessage;
  index: number;
}

export interface DecodedMessage {
  message: StreamMessage;
  entries: Entry[];
  /** What can never be stored, already by its form. */
  dead: DeadLetter[];
}

/** The index that a dead letter has when it is the whole message. */
export const WHOLE_MESSAGE = -1;

/** Takes a message apart; never throws: what cannot be read is a dead letter. */
export function decodeMessage(message: StreamMessage): DecodedMessage {
  try {
    const { receivedAt, events, poison } = decodeWireMessage(message.data);
    return {
      message,
      entries: events.map(({ index, event }) => ({
        event: { ...event, received_at: receivedAt },
        message,
        index,
      })),
      dead: poison.map(({ index, reason, message: words, raw }) =>
        deadLetter(message, { index, reason, error: words, payload: Buffer.from(raw) }),
      ),
    };
  } catch (error) {
    const reason = error instanceof WireFormatError ? error.code : 'undecodable';
    const words = error instanceof Error ? error.message : String(error);
    const dead = deadLetter(message, { index: WHOLE_MESSAGE, reason, error: words, payload: message.data });
    return { message, entries: [], dead: [dead] };
  }
}

/** A dead letter that tells where in the stream it came from. */
export function deadLetter(
  message: StreamMessage,
  o: { index: number; reason: string; error: string; payload: Uint8Array },
): DeadLetter {
  return {
    ...o,
    streamSequence: message.streamSequence,
    streamEpoch: message.streamEpoch,
    attempts: message.deliveryCount,
  };
}
