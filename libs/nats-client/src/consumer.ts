import { createBackoff, pause } from './backoff.js';
import type { NatsConnectionHandle, NatsSession } from './connection.js';
import { ensureDurable, findConsumer, renewDurable } from './durable.js';
import { StreamConfigError } from './errors.js';
import { createHeldMessages, type StreamMessage } from './held-messages.js';
import type { ClientLog } from './log.js';
import type { StreamNames } from './names.js';
import { startPulling, type Puller } from './pull.js';
import { watchForStall } from './stall.js';

export interface ConsumeEventsOptions {
  names: StreamNames;
  log: ClientLog;
  /** Bounds of what this process holds unacknowledged, waiting or being worked on. */
  maxMessages: number;
  /** Asked anew for each request. */
  maxBytes: number | (() => number);
  /** The server delivers again what was neither acknowledged nor reported as worked on. Default 30,000. */
  ackWaitMs?: number;
  /** The same bound over all writers. Default 65,536. */
  maxAckPending?: number;
  /** How long to wait for the server's word that it has the acks. Default 2,000. */
  ackTimeoutMs?: number;
  clock?: () => number;
}

export interface ConsumerStatus {
  /** Pulling from an existing durable. */
  attached: boolean;
  /** The server said there is no such stream: an alarm. */
  streamMissing: boolean;
  /** The stream or durable is configured against the promise; nothing is pulled. */
  refusal?: string;
  heldMessages: number;
  heldBytes: number;
}

export interface EventConsumer {
  /** The next message; undefined after waitMs (default: at once), an abort or stop(). */
  next(o?: { waitMs?: number; signal?: AbortSignal }): Promise<StreamMessage | undefined>;
  /**
   * Acknowledges in bulk. `confirmed` false: the server may not have heard, and will deliver them again: harmless.
   * Messages of a stream that was replaced are left alone.
   */
  ack(messages: readonly StreamMessage[]): Promise<{ confirmed: boolean }>;
  /** Gives messages back, to be delivered again at once, here or (after stop()) elsewhere. */
  giveBack(messages: readonly StreamMessage[]): void;
  /** Pulls no more and gives back what nobody has taken; what was taken can still be acknowledged. */
  stop(): void;
  /** stop(), and resolves, within about a second, when nothing more is on its way here; no keep-alives after it. */
  close(): Promise<void>;
  status(): ConsumerStatus;
}

interface Waiter {
  wake(message: StreamMessage | undefined): void;
}

const STALL_LOOK_MS = 1_500;
const ACK = new TextEncoder().encode('+ACK');
const GIVE_BACK = new TextEncoder().encode('-NAK');
const WORKING = new TextEncoder().encode('+WPI');

/**
 * Pulls events ahead of the writer, within bounds, over any number of reconnects. Messages in hand stay valid over a
 * reconnect: their ack subjects do, and a redelivery of one that is held is recognised. Makes the durable if it is not
 * there, never the stream.
 */
export function consumeEvents(nats: NatsConnectionHandle, o: ConsumeEventsOptions): EventConsumer {
  const clock = o.clock ?? Date.now;
  const ackWaitMs = o.ackWaitMs ?? 30_000;
  const ackTimeoutMs = o.ackTimeoutMs ?? 2_000;
  const durable = { ackWaitMs, maxAckPending: o.maxAckPending ?? 65_536, log: o.log };
  const { maxBytes: bound } = o;
  const maxBytes = typeof bound === 'number' ? () => bound : bound;
  const held = createHeldMessages({ clock });
  const stopping = new AbortController();
  const waiters: Waiter[] = [];
  // Acks that may have been lost with a connection; said again on the next, else they come back after ackWaitMs.
  let unconfirmedAcks: string[] = [];
  // While a request of ours is open, what is given back would come straight here again.
  let givenBackLater: string[] | undefined;
  let puller: Puller | undefined;
  let epoch = '';
  let durableName = '';
  // What is said of deliveries is for the durable they came from: on another connection that has to be found first.
  let attached: NatsSession | undefined;
  let streamMissing = false;
  let refusal: string | undefined;

  async function pullWhileConnected(): Promise<void> {
    const backoff = createBackoff({ minMs: 100, maxMs: 2_000 });
    while (!stopping.signal.aborted) {
      try {
        const session = await nats.whenConnected(stopping.signal);
        const names = await attach(session);
        if (names) {
          backoff.reset();
          await pullUntilGone(session, names);
        }
      } catch (error) {
        if (stopping.signal.aborted) return;
        if (error instanceof StreamConfigError) refusal = error.message;
        o.log.warn('consumer_not_ready', { error: error instanceof Error ? error.message : String(error) });
      }
      await pause(backoff.nextMs(), stopping.signal);
    }
  }

  /** The names with the durable that is to be pulled from; undefined: there is no stream. */
  async function attach(session: NatsSession): Promise<StreamNames | undefined> {
    const found = await ensureDurable(session, o.names, durable);
    if (!found && !streamMissing) o.log.error('stream_missing', { stream: o.names.stream });
    streamMissing = found === undefined;
    if (!found) return undefined;
    refusal = undefined;
    if (epoch !== '' && epoch !== found.stream.created) {
      o.log.error('stream_replaced', { stream: o.names.stream, was: epoch, is: found.stream.created });
    }
    epoch = found.stream.created;
    // Another stream, or one whose server was started anew: a sequence may stand for another message now.
    if (durableName !== found.names.durable) {
      held.disown();
      unconfirmedAcks = [];
    }
    durableName = found.names.durable;
    attached = session;
    const again = unconfirmedAcks;
    unconfirmedAcks = [];
    await confirmAcks(again);
    return found.names;
  }

  const attachedSession = (): NatsSession | undefined => (nats.session() === attached ? attached : undefined);

  async function confirmAcks(subjects: readonly string[]): Promise<boolean> {
    const last = subjects.at(-1);
    if (last === undefined) return true;
    const session = attachedSession();
    try {
      if (!session) throw new Error('not attached to a durable');
      // The server takes acks of one connection in order: its answer to the last stands for all.
      tell(subjects.slice(0, -1), ACK);
      await session.connection.request(last, ACK, { timeout: ackTimeoutMs });
      return true;
    } catch {
      unconfirmedAcks = [...unconfirmedAcks, ...subjects].slice(-o.maxMessages);
      return false;
    }
  }

  function pullUntilGone(session: NatsSession, names: StreamNames): Promise<void> {
    return new Promise((resolve) => {
      let delivered = 0;
      const pulling = startPulling(session, {
        names,
        room: () => ({ messages: o.maxMessages - held.count, bytes: maxBytes() - held.bytes }),
        deliver(message) {
          delivered += 1;
          const accepted = held.accept({ data: message.data, reply: message.reply }, epoch);
          if (accepted === 'new') wakeWaiters();
          if (accepted === 'contradiction') {
            if (message.reply !== undefined) tellGivenBack([message.reply]);
            gone('a sequence number came back with another message');
          }
        },
        tooLate: ({ reply }) => tellGivenBack(reply === undefined ? [] : [reply]),
        gone,
      });
      puller = pulling;
      const stallWatch = watchForStall({
        intervalMs: STALL_LOOK_MS,
        delivered: () => delivered,
        waiting: () => pulling.waiting(),
        look: () => findConsumer(session, names),
        async onStall() {
          await renewDurable(session, names, { ...durable, reason: 'it has messages and delivers none' });
          gone('durable renewed');
        },
      });
      const detach = (): void => {
        puller = undefined;
        stallWatch.close();
        stopping.signal.removeEventListener('abort', stop);
        session.ended.removeEventListener('abort', disconnected);
      };
      function gone(reason: string): void {
        o.log.warn('pull_ended', { reason });
        disconnected();
      }
      function disconnected(): void {
        detach();
        pulling.stop();
        resolve();
      }
      function stop(): void {
        detach();
        givenBackLater = [];
        void pulling.finish().then(() => {
          const subjects = givenBackLater ?? [];
          givenBackLater = undefined;
          tellGivenBack(subjects);
          resolve();
        });
      }
      stopping.signal.addEventListener('abort', stop);
      session.ended.addEventListener('abort', disconnected);
      if (session.ended.aborted) disconnected();
      else if (stopping.signal.aborted) stop();
    });
  }

  function wakeWaiters(): void {
    // The last who came first: one that is filling a batch goes on with it, while idle ones stay idle.
    for (let waiter = waiters.at(-1); waiter; waiter = waiters.at(-1)) {
      const message = held.take();
      if (!message) return;
      waiter.wake(message);
    }
  }

  function waitForMessage(
    waitMs: number,
    signal: AbortSignal | undefined,
  ): Promise<StreamMessage | undefined> {
    return new Promise((resolve) => {
      const waiter: Waiter = {
        wake(message) {
          const at = waiters.indexOf(waiter);
          if (at >= 0) waiters.splice(at, 1);
          clearTimeout(timer);
          signal?.removeEventListener('abort', giveUp);
          resolve(message);
        },
      };
      const giveUp = (): void => waiter.wake(undefined);
      const timer = setTimeout(giveUp, waitMs);
      signal?.addEventListener('abort', giveUp);
      waiters.push(waiter);
    });
  }

  function tell(subjects: readonly string[], payload: Uint8Array): void {
    const session = attachedSession();
    if (!session || session.connection.isClosed()) return;
    for (const subject of subjects) session.connection.publish(subject, payload);
  }

  function tellGivenBack(subjects: readonly string[]): void {
    if (givenBackLater) givenBackLater.push(...subjects);
    else tell(subjects, GIVE_BACK);
  }

  const keepAlive = setInterval(() => tell(held.touch(clock() - ackWaitMs / 3), WORKING), ackWaitMs / 6);
  keepAlive.unref();
  const pulling = pullWhileConnected();

  return {
    async next({ waitMs = 0, signal } = {}) {
      const message = held.take();
      if (message || waitMs <= 0 || stopping.signal.aborted || signal?.aborted) return message;
      return waitForMessage(waitMs, signal);
    },
    async ack(messages) {
      const subjects = messages
        .map((message) => held.release(message))
        .filter((subject) => subject !== undefined);
      const confirmed = await confirmAcks(subjects);
      puller?.pull();
      return { confirmed };
    },
    giveBack(messages) {
      tellGivenBack(
        messages.map((message) => held.release(message)).filter((subject) => subject !== undefined),
      );
      puller?.pull();
    },
    stop() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      tellGivenBack(held.dropUntaken());
      for (const waiter of [...waiters]) waiter.wake(undefined);
    },
    async close() {
      this.stop();
      clearInterval(keepAlive);
      await pulling;
    },
    status: () => ({
      attached: puller !== undefined,
      streamMissing,
      ...(refusal !== undefined && { refusal }),
      heldMessages: held.count,
      heldBytes: held.bytes,
    }),
  };
}
