import { parseAckSubject } from './ack-subject.js';

/** A message that was delivered and is not yet acknowledged. */
export interface StreamMessage {
  readonly data: Uint8Array;
  readonly streamSequence: number;
  /** 1 at the first delivery. */
  readonly deliveryCount: number;
  /** When the stream stored it, ms since 1970. */
  readonly storedAtMs: number;
  /** Creation time of the stream that it came from. */
  readonly streamEpoch: string;
}

interface Held extends StreamMessage {
  readonly storedAtNanos: string;
  ackSubject: string;
  /** When the server last heard that we have it, ms of the passed-in clock. */
  touchedAtMs: number;
}

export type Accepted = 'new' | 'again' | 'contradiction' | 'foreign';

export interface HeldMessages {
  /**
   * Takes a delivery in. `again`: redelivery of one that is held (its ack subject is renewed). `contradiction`: a held
   * message has that sequence but another time, so the stream is another one. `foreign`: not a delivery.
   */
  accept(delivery: { data: Uint8Array; reply: string | undefined }, streamEpoch: string): Accepted;
  /** The oldest that nobody has taken. */
  take(): StreamMessage | undefined;
  /** Forgets a message and returns its ack subject; undefined if it is not held (any more). */
  release(message: StreamMessage): string | undefined;
  /** Ack subjects of what the server has not heard of since `before`; marks them as heard now. */
  touch(before: number): string[];
  /** Forgets those that nobody has taken and returns their ack subjects. */
  dropUntaken(): string[];
  /** The stream was replaced: what nobody has taken is still to be stored, but no ack of it may be sent. */
  disown(): void;
  readonly count: number;
  readonly bytes: number;
  readonly untaken: number;
}

/** What a message costs beside its data: headers, subjects, objects. */
const OVERHEAD_BYTES = 512;

export function createHeldMessages(o: { clock: () => number }): HeldMessages {
  const held = new Map<number, Held>();
  let queue: Held[] = [];
  let queueHead = 0;
  let bytes = 0;

  const forget = (message: Held): void => {
    held.delete(message.streamSequence);
    bytes -= message.data.length + OVERHEAD_BYTES;
  };

  return {
    accept(delivery, streamEpoch) {
      const info = parseAckSubject(delivery.reply);
      if (!info || delivery.reply === undefined) return 'foreign';
      const known = held.get(info.streamSequence);
      if (known) {
        if (known.storedAtNanos !== info.storedAtNanos) return 'contradiction';
        known.ackSubject = delivery.reply;
        known.touchedAtMs = o.clock();
        return 'again';
      }
      const message: Held = {
        data: delivery.data,
        streamSequence: info.streamSequence,
        deliveryCount: info.deliveryCount,
        storedAtMs: Number(info.storedAtNanos) / 1e6,
        storedAtNanos: info.storedAtNanos,
        streamEpoch,
        ackSubject: delivery.reply,
        touchedAtMs: o.clock(),
      };
      held.set(message.streamSequence, message);
      queue.push(message);
      bytes += message.data.length + OVERHEAD_BYTES;
      return 'new';
    },
    take() {
      const next = queue[queueHead];
      if (!next) return undefined;
      queueHead += 1;
      if (queueHead > 1_024 && queueHead * 2 > queue.length) {
        queue = queue.slice(queueHead);
        queueHead = 0;
      }
      return next;
    },
    release(message) {
      const known = held.get(message.streamSequence);
      if (known !== message) return undefined;
      forget(known);
      return known.ackSubject;
    },
    touch(before) {
      const subjects: string[] = [];
      for (const message of held.values()) {
        if (message.touchedAtMs > before) continue;
        message.touchedAtMs = o.clock();
        subjects.push(message.ackSubject);
      }
      return subjects;
    },
    dropUntaken() {
      const untaken = queue.slice(queueHead);
      queue = [];
      queueHead = 0;
      const owned = untaken.filter((message) => held.get(message.streamSequence) === message);
      for (const message of owned) forget(message);
      return owned.map((message) => message.ackSubject);
    },
    disown() {
      held.clear();
      bytes = 0;
    },
    get count() {
      return held.size;
    },
    get bytes() {
      return bytes;
    },
    get untaken() {
      return queue.length - queueHead;
    },
  };
}
