import { decodeWireMessage, jsonOf, readLineMessage, WireFormatError } from '@event-analytics/event-schema';
import { WHOLE_MESSAGE, type DeadLetter, type StreamMessage } from '@event-analytics/nats-client';
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

/** Takes a message apart; never throws: what cannot be read is a dead letter. */
export function decodeMessage(message: StreamMessage): DecodedMessage {
  try {
    const { receivedAt, events, poison } = readLineMessage(message.data) ?? decodeWireMessage(message.data);
    return {
      message,
      entries: events.map(({ index, event }) => ({
        event: 'line' in event ? event : { ...event, received_at: receivedAt },
        message,
        index,
      })),
      dead: poison.map(({ index, reason, message: words, raw }) =>
        deadLetter(message, { index, reason, error: words, payload: Buffer.from(raw), receivedAt }),
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
function deadLetter(
  message: StreamMessage,
  o: Pick<DeadLetter, 'index' | 'reason' | 'error' | 'payload' | 'receivedAt'>,
): DeadLetter {
  return {
    ...o,
    streamSequence: message.streamSequence,
    streamEpoch: message.streamEpoch,
    attempts: message.deliveryCount,
  };
}

/** An event that could not be stored, as JSON; its properties as they stand, which may be none if it came as a line. */
export function unstorableLetter(
  { event, message, index }: Entry,
  { reason, error }: { reason: string; error: string },
): DeadLetter {
  const properties = 'properties' in event ? JSON.stringify(event.properties) : event.properties_json;
  return deadLetter(message, {
    index,
    reason,
    error,
    payload: Buffer.from(jsonOf(event, properties)),
    ...(event.received_at !== undefined && { receivedAt: event.received_at }),
  });
}
