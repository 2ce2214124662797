import type { World } from '../../world.js';
import type { Connection } from '../network.js';
import type { ConsumerConfig, ConsumerInfo, MessageHeaders, StreamConfig, StreamInfo } from './types.js';

export interface StoredMessage {
  readonly sequence: number;
  readonly data: Uint8Array;
  readonly headers: MessageHeaders | undefined;
  readonly storedAtNanos: string;
}

export interface PullRequest {
  connection: Connection;
  inbox: string;
  messages: number;
  bytes: number;
  /** Brings a delivery or a status to the asking session. */
  send: (delivery: Delivery) => void;
}

export interface Delivery {
  data: Uint8Array;
  /** What to acknowledge by; undefined for a status. */
  reply?: string;
  status?: { code: number; description: string };
}

interface Pending {
  deliveries: number;
  deadlineMs: number;
}

interface Consumer {
  created: string;
  config: ConsumerConfig;
  deliveredConsumer: number;
  deliveredStream: number;
  ackFloor: number;
  pending: Map<number, Pending>;
  /** Sequences to be delivered once more, in this order. */
  again: number[];
  requests: PullRequest[];
}

const NANOS_PER_MS = 1_000_000;
const EARLY_MS_MAX = 2_000;

export type Stream = ReturnType<typeof createStream>;

/**
 * One JetStream stream on disk and its durable consumer, as far as NATS 2.9 was seen to behave (LEARNED.md): what is
 * stored and what was acknowledged outlive a SIGKILL, but acknowledgements of a consumer may be forgotten.
 *
 * @param o.startTimer  a timer of the server that runs; it does not outlive it
 */
export function createStream(
  world: World,
  o: { config: StreamConfig; created: string; startTimer: (delayMs: number, run: () => void) => void },
) {
  const { time, random, faults, trace } = world;
  const messages = new Map<number, StoredMessage>();
  const isWorkQueue = String(o.config.retention) === 'workqueue';
  let lastSequence = 0;
  let consumer: Consumer | undefined;
  /** Deleted since the last kill: whose deletion may not be on disk. */
  let deletedLately: StoredMessage[] = [];

  const sequences = (): number[] => [...messages.keys()].sort((a, b) => a - b);

  function store(data: Uint8Array, headers: MessageHeaders | undefined): number {
    lastSequence += 1;
    // Two are never stored in the same nanosecond.
    const storedAtNanos = String(BigInt(Math.round(time.nowMs() * 1_000)) * 1_000n + BigInt(lastSequence));
    messages.set(lastSequence, { sequence: lastSequence, data, headers, storedAtNanos });
    dispatch();
    return lastSequence;
  }

  function nextSequence(of: Consumer): number | undefined {
    if (of.again.length > 0) return of.again[0];
    if (of.pending.size >= (of.config.max_ack_pending ?? Infinity)) return undefined;
    return sequences().find((sequence) => sequence > of.deliveredStream);
  }

  function dispatch(): void {
    if (!consumer) return;
    for (let request = consumer.requests[0]; request; request = consumer.requests[0]) {
      if (!request.connection.isOpen()) {
        consumer.requests.shift();
        continue;
      }
      const sequence = nextSequence(consumer);
      if (sequence === undefined) return;
      const message = messages.get(sequence);
      if (!message) {
        // A ghost: the consumer waits for the ack of what is gone. NATS 2.9 spends a request on it.
        consumer.again.shift();
        renewDeadline(consumer, sequence);
        consumer.requests.shift();
        continue;
      }
      if (message.data.length > request.bytes) {
        endRequest(consumer, request, { code: 409, description: 'Message Size Exceeds MaxBytes' });
        continue;
      }
      if (consumer.again[0] === sequence) consumer.again.shift();
      deliver(consumer, message, request);
    }
  }

  function deliver(to: Consumer, message: StoredMessage, request: PullRequest): void {
    const { sequence, data, storedAtNanos } = message;
    const deliveries = (to.pending.get(sequence)?.deliveries ?? 0) + 1;
    to.pending.set(sequence, { deliveries, deadlineMs: 0 });
    to.deliveredConsumer += 1;
    to.deliveredStream = Math.max(to.deliveredStream, sequence);
    renewDeadline(to, sequence);
    request.messages -= 1;
    request.bytes -= data.length;
    if (request.messages === 0) to.requests.shift();
    trace(
      () => `delivers message ${sequence}, for the ${deliveries}. time, to ${request.connection.client.name}`,
    );
    request.send({
      data,
      reply: `$JS.ACK.${o.config.name}.${to.config.durable_name ?? ''}.${deliveries}.${sequence}.${to.deliveredConsumer}.${storedAtNanos}.0`,
    });
    if (faults.strikes('redelivered_early')) {
      o.startTimer(random.fraction() * EARLY_MS_MAX, () => redeliver(to, sequence));
    }
  }

  function renewDeadline(of: Consumer, sequence: number): void {
    const pending = of.pending.get(sequence);
    if (!pending) return;
    const waitMs = (of.config.ack_wait ?? 0) / NANOS_PER_MS;
    pending.deadlineMs = time.nowMs() + waitMs;
    o.startTimer(waitMs, () => {
      if (of.pending.get(sequence) === pending && pending.deadlineMs <= time.nowMs()) redeliver(of, sequence);
    });
  }

  function redeliver(of: Consumer, sequence: number): void {
    if (of !== consumer || !of.pending.has(sequence) || of.again.includes(sequence)) return;
    // In any order.
    of.again.splice(random.below(of.again.length + 1), 0, sequence);
    dispatch();
  }

  function endRequest(of: Consumer, request: PullRequest, status: Delivery['status']): void {
    const at = of.requests.indexOf(request);
    if (at < 0) return;
    of.requests.splice(at, 1);
    if (status) request.send({ data: new Uint8Array(), status });
  }

  /** An ack names a consumer and a sequence: it removes that message whether or not that consumer has delivered it. */
  function acknowledge(sequence: number): void {
    if (consumer) {
      consumer.pending.delete(sequence);
      consumer.again = consumer.again.filter((other) => other !== sequence);
      consumer.ackFloor = Math.max(
        consumer.ackFloor,
        consumer.pending.size === 0
          ? consumer.deliveredStream
          : Math.min(consumer.deliveredStream, ...consumer.pending.keys()) - 1,
      );
    }
    const message = messages.get(sequence);
    if (message && isWorkQueue) {
      messages.delete(sequence);
      deletedLately.push(message);
    }
    dispatch();
  }

  return {
    name: o.config.name,
    consumerName: (): string | undefined => consumer?.config.durable_name,
    subject: o.config.subjects[0],
    config: o.config,
    created: o.created,
    messages: (): StoredMessage[] => [...messages.values()],
    store,
    pull(request: PullRequest, expiresMs: number): boolean {
      if (!consumer) return false;
      const of = consumer;
      of.requests.push(request);
      o.startTimer(expiresMs, () => {
        const told = !faults.strikes('expiry_untold');
        endRequest(of, request, told ? { code: 408, description: 'Request Timeout' } : undefined);
      });
      dispatch();
      return true;
    },
    dropRequests(ofInbox: (inbox: string) => boolean): void {
      if (consumer) consumer.requests = consumer.requests.filter(({ inbox }) => !ofInbox(inbox));
    },
    acknowledge,
    giveBack(sequence: number): void {
      if (consumer?.pending.has(sequence)) redeliver(consumer, sequence);
    },
    working(sequence: number): void {
      if (consumer) renewDeadline(consumer, sequence);
    },
    purgeBelow(sequence: number): number {
      const purged = sequences().filter((stored) => stored < sequence);
      for (const stored of purged) messages.delete(stored);
      return purged.length;
    },
    makeConsumer(config: Partial<ConsumerConfig>, created: string): void {
      consumer = {
        created,
        // Given by the lib in full; the server's own defaults do not matter here.
        config: config as ConsumerConfig,
        deliveredConsumer: 0,
        deliveredStream: 0,
        ackFloor: 0,
        pending: new Map(),
        again: [],
        requests: [],
      };
    },
    updateConsumer(config: Partial<ConsumerConfig>): void {
      if (consumer) consumer.config = { ...consumer.config, ...config };
    },
    deleteConsumer(): boolean {
      if (!consumer) return false;
      const { requests } = consumer;
      consumer = undefined;
      for (const { send } of requests) {
        send({ data: new Uint8Array(), status: { code: 409, description: 'Consumer Deleted' } });
      }
      return true;
    },
    info(): StreamInfo {
      const [first] = sequences();
      const state = {
        messages: messages.size,
        bytes: 0,
        first_seq: first ?? lastSequence + 1,
        first_ts: o.created,
        last_seq: lastSequence,
      };
      // What the libs read of it.
      return { config: o.config, created: o.created, state } as StreamInfo;
    },
    consumerInfo(): ConsumerInfo | undefined {
      if (!consumer) return undefined;
      const { created, config, deliveredConsumer, deliveredStream, ackFloor, pending } = consumer;
      return {
        name: config.durable_name ?? '',
        created,
        config,
        delivered: { consumer_seq: deliveredConsumer, stream_seq: deliveredStream },
        ack_floor: { consumer_seq: 0, stream_seq: ackFloor },
        num_ack_pending: pending.size,
        num_pending: sequences().filter((sequence) => sequence > deliveredStream).length,
      } as ConsumerInfo;
    },
    /** What SIGKILL leaves: all that was stored, and of the acknowledgements what was on disk. */
    afterKill(): void {
      const lately = deletedLately;
      deletedLately = [];
      if (!consumer) return;
      consumer.requests = [];
      for (const message of lately) {
        const { sequence } = message;
        const isBack = random.chance(0.3);
        if (isBack) messages.set(sequence, message);
        // Forgotten though deleted: a ghost. Remembered though not deleted: it would stay for ever.
        const isForgotten = random.chance(isBack ? 0.5 : 0.15);
        if (!isForgotten || sequence > consumer.deliveredStream) continue;
        consumer.pending.set(sequence, { deliveries: 1, deadlineMs: 0 });
        consumer.ackFloor = Math.min(consumer.ackFloor, sequence - 1);
      }
    },
    afterStart(): void {
      if (!consumer) return;
      for (const sequence of consumer.pending.keys()) renewDeadline(consumer, sequence);
    },
  };
}
