import { createInbox, nanos, type Msg } from 'nats';
import type { NatsSession } from './connection.js';
import type { StreamNames } from './names.js';

export interface PullOptions {
  names: StreamNames;
  /** What may still be asked for. */
  room: () => { messages: number; bytes: number };
  deliver: (message: Msg) => void;
  /** One that was already on its way when pulling was stopped. */
  tooLate: (message: Msg) => void;
  /** The stream, the consumer or JetStream is not there (any more). */
  gone: (reason: string) => void;
}

export interface Puller {
  /** Asks for more if there is room and nothing is asked for at present. */
  pull(): void;
  /** A request is under way. */
  waiting(): boolean;
  /** Ends at once: what is on its way is delivered again after ack_wait. */
  stop(): void;
  /** Asks for no more, and resolves when the server has nothing on its way to us; tooLate gets what was. */
  finish(): Promise<void>;
}

/** A request that would bring less is not worth its round trip; also the largest message must always fit. */
const ROOM_BYTES_MIN = 2 * 1024 * 1024;
// Also how long finishing takes at most: there is no other way to end a request without missing what it brings.
const EXPIRES_MS = 1_000;
// NATS 2.9 does not always tell that a request has expired, least of all when busy: then ask again by our own clock.
const OVERDUE_AFTER_MS = EXPIRES_MS + 100;
const FINISH_AFTER_MS = EXPIRES_MS + 500;
const RETRY_MS = 100;

/**
 * Pull requests of one session, one at a time, each for as much as there is room for. The driver's own consume() takes
 * a bound of messages or of bytes; this has both.
 */
export function startPulling(session: NatsSession, o: PullOptions): Puller {
  const inbox = createInbox();
  const subject = `$JS.API.CONSUMER.MSG.NEXT.${o.names.stream}.${o.names.durable}`;
  const inboxOf = (request: number): string => `${inbox}.${String(request)}`;
  let requests = 0;
  let requested = 0;
  let expected = 0;
  let stopped = false;
  let finished: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  const subscription = session.connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (stopped) return;
      if (error) return stopWith(`subscription failed: ${error.message}`);
      const status = message.reply ? undefined : message.headers?.code;
      if (status !== undefined && status > 0) {
        // The late end of a request that was given up is no news.
        if (message.subject === inboxOf(requests)) onStatus(status, message.headers?.description ?? '');
        return;
      }
      expected -= 1;
      if (finished) o.tooLate(message);
      else o.deliver(message);
      if (expected <= 0) requestEnded(0);
    },
  });

  function onStatus(status: number, description: string): void {
    if (status === 100) return;
    if (status === 503) return stopWith('no responders');
    const text = description.toLowerCase();
    if (status === 409 && (text.includes('consumer deleted') || text.includes('push based')))
      return stopWith(text);
    // 408: it expired. 409 "message size exceeds maxbytes": what is left of the request is too little for the next
    // message, ask anew, unless nothing came at all: then wait for room.
    const ordinary = status === 408 || (text.includes('maxbytes') && expected < requested);
    requestEnded(ordinary ? 0 : RETRY_MS);
  }

  function requestEnded(retryMs: number): void {
    expected = 0;
    clearTimeout(timer);
    timer = undefined;
    if (finished) stop();
    else if (retryMs === 0) pull();
    else timer = setTimeout(() => requestEnded(0), retryMs);
  }

  function pull(): void {
    if (stopped || finished || timer !== undefined || session.connection.isClosed()) return;
    const room = o.room();
    if (room.messages < 1 || room.bytes < ROOM_BYTES_MIN) return;
    requests += 1;
    requested = room.messages;
    expected = requested;
    timer = setTimeout(overdue, OVERDUE_AFTER_MS);
    // Whole numbers: the server refuses others.
    const request = {
      batch: Math.floor(room.messages),
      max_bytes: Math.floor(room.bytes),
      expires: nanos(EXPIRES_MS),
    };
    session.connection.publish(subject, JSON.stringify(request), { reply: inboxOf(requests) });
  }

  /** Not before the server answers at all: a paused one would later read, and serve, every request made meanwhile. */
  function overdue(): void {
    const request = requests;
    session.connection
      .flush()
      .then(() => {
        if (request === requests && !stopped && expected > 0) requestEnded(0);
      })
      // The session's end is noticed elsewhere.
      .catch(() => undefined);
  }

  function stop(): void {
    stopped = true;
    clearTimeout(timer);
    if (!session.connection.isClosed()) subscription.unsubscribe();
    finished?.();
  }

  function stopWith(reason: string): void {
    stop();
    o.gone(reason);
  }

  pull();
  return {
    pull,
    waiting: () => expected > 0,
    stop,
    finish() {
      return new Promise((resolve) => {
        finished = resolve;
        if (expected === 0 || session.connection.isClosed()) stop();
        else {
          session.ended.addEventListener('abort', stop, { once: true });
          clearTimeout(timer);
          timer = setTimeout(stop, FINISH_AFTER_MS);
        }
      });
    },
  };
}
