import {
  encodeWirePieces,
  joinWirePieces,
  WIRE_ENVELOPE_BYTES,
  type WireEvent,
  type WirePiece,
} from '@event-analytics/event-schema';

/** Resolves once every event is durably in the stream. A rejection leaves open which of them are. */
export type PublishEvents = (events: readonly WireEvent[]) => Promise<void>;

/** NATS' default max_payload is 1 MiB; half of it leaves the writer small pieces to merge. */
export const MESSAGE_BYTES_MAX = 512 * 1024;
/** From here on sharing saves little: a message that is as large goes out at once. */
const SHARED_BYTES_ENOUGH = 128 * 1024;
/** A request waits no longer than this for others to share its message. */
const SHARE_WAIT_MS_MAX = 5;

/** A message that still takes events. */
interface OpenMessage {
  pieces: WirePiece[];
  /** Of the whole message. */
  bytes: number;
  acknowledged: Promise<void>;
  settle: (sent: Promise<void>) => void;
  timer: NodeJS.Timeout | undefined;
}

/**
 * The one way into the stream. Requests that arrive together share a message: those of one turn of the event loop,
 * and those that come while another message is under way, for at most a few milliseconds and until the message is large enough.
 * A request that comes alone goes out within its own turn; one that is larger is several messages.
 *
 * A message that is not acknowledged fails exactly the requests that have events in it.
 */
export function createPublishEvents(o: {
  publish: (payload: Uint8Array) => Promise<void>;
  clock: () => number;
  /** Told of every message that was not acknowledged. */
  onFailure?: (error: unknown) => void;
  maxMessageBytes?: number;
}): PublishEvents {
  const maxBytes = o.maxMessageBytes ?? MESSAGE_BYTES_MAX;
  let open: OpenMessage | undefined;
  let underWay = 0;

  return async (events) => {
    const messages = encodeWirePieces(events, { maxBytes }).map(addPiece);
    // Settled, not raced: an answer while messages are still under way would release their memory too early.
    const results = await Promise.allSettled(messages);
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  };

  /** Resolves when the message that takes the piece is acknowledged. */
  function addPiece(piece: WirePiece): Promise<void> {
    if (open && open.bytes + 1 + piece.bytes > maxBytes) send();
    open ??= openMessage();
    open.bytes += piece.bytes + (open.pieces.length > 0 ? 1 : 0);
    open.pieces.push(piece);
    const { acknowledged } = open;
    if (open.bytes >= SHARED_BYTES_ENOUGH) send();
    return acknowledged;
  }

  function openMessage(): OpenMessage {
    let settle: OpenMessage['settle'] = () => undefined;
    const acknowledged = new Promise<void>((resolve) => (settle = resolve));
    const timer = underWay > 0 ? setTimeout(send, SHARE_WAIT_MS_MAX) : undefined;
    if (underWay === 0) setImmediate(sendIfIdle);
    return { pieces: [], bytes: WIRE_ENVELOPE_BYTES, acknowledged, settle, timer };
  }

  /** Not what another message, which has gone meanwhile, is to be waited for. */
  function sendIfIdle(): void {
    if (underWay === 0) send();
  }

  function send(): void {
    if (!open) return;
    const { pieces, settle, timer } = open;
    open = undefined;
    clearTimeout(timer);
    underWay += 1;
    settle(publish(joinWirePieces(pieces, { receivedAt: new Date(o.clock()).toISOString() })));
  }

  async function publish(payload: Uint8Array): Promise<void> {
    try {
      await o.publish(payload);
    } catch (error) {
      o.onFailure?.(error);
      throw error;
    } finally {
      underWay -= 1;
      send();
    }
  }
}
