import { encodeWireMessages, type AcceptedEvent } from '@event-analytics/event-schema';

/** Resolves once every event is durably in the stream. A rejection leaves open which of them are. */
export type PublishEvents = (events: readonly AcceptedEvent[]) => Promise<void>;

/** NATS' default max_payload is 1 MiB; half of it leaves the writer small pieces to merge. */
export const MESSAGE_BYTES_MAX = 512 * 1024;

/**
 * The one way into the stream: splits events into messages and waits for every acknowledgement. (Requests
 * that arrive together may come to share a message; then only this changes.)
 */
export function createPublishEvents(o: {
  publish: (payload: Uint8Array) => Promise<void>;
  clock: () => number;
  /** Told of every message that was not acknowledged. */
  onFailure?: (error: unknown) => void;
  maxMessageBytes?: number;
}): PublishEvents {
  return async (events) => {
    const messages = encodeWireMessages(events, {
      receivedAt: new Date(o.clock()).toISOString(),
      maxBytes: o.maxMessageBytes ?? MESSAGE_BYTES_MAX,
    });
    // Settled, not raced: an answer while messages are still under way would release their memory too early.
    const results = await Promise.allSettled(messages.map((message) => o.publish(message)));
    const failures = results.flatMap((result) =>
      result.status === 'rejected' ? [result.reason as unknown] : [],
    );
    for (const failure of failures) o.onFailure?.(failure);
    if (failures.length > 0) throw failures[0];
  };
}
