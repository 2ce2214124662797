import type { NatsSession } from '@event-analytics/nats-client';
import type { World } from '../../world.js';
import { isNatsError, natsNoResponders, natsTimeout } from '../drivers.js';
import type { Connection } from '../network.js';
import type { NatsServer } from './server.js';
import type { Delivery } from './stream.js';
import type {
  JetStream,
  JetStreamManager,
  Message,
  MessageCallback,
  MessageHeaders,
  NatsConnection,
} from './types.js';

const API_TIMEOUT_MS = 3_000;
const NANOS_PER_MS = 1_000_000;
const PULL_PREFIX = '$JS.API.CONSUMER.MSG.NEXT.';
const ACK_PREFIX = '$JS.ACK.';

const decoder = new TextDecoder();
const text = (payload: unknown): string =>
  typeof payload === 'string' ? payload : decoder.decode(payload as Uint8Array);

/** One connection to the simulated server as the driver would show it: the part of it that the libs use. */
export function createSession(
  world: World,
  o: { connection: Connection; server: NatsServer; onClosed: () => void },
): { session: NatsSession; close: () => void; owns: (inbox: string) => boolean } {
  const { time, faults, trace } = world;
  const { connection, server } = o;
  const { client } = connection;
  const ended = new AbortController();
  const subscriptions = new Map<string, MessageCallback>();
  const inboxes = new Set<string>();
  /** Requests that wait; the driver reports a closed connection to them as their timeout. */
  const waiting = new Set<() => void>();
  let isClosed = false;

  /** Has the server do something, and brings back what it returned or threw; nothing, if `answerAfterMs` says undefined. */
  function ask<T>(
    onServer: () => T,
    {
      timeoutMs = API_TIMEOUT_MS,
      answerAfterMs,
    }: { timeoutMs?: number; answerAfterMs?: () => number | undefined } = {},
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        if (!waiting.delete(fail)) return;
        cancel();
        how();
      };
      const fail = (): void => settle(() => reject(natsTimeout()));
      const cancel = time.after(timeoutMs, client, fail);
      waiting.add(fail);
      if (isClosed) return fail();
      connection.toServer(() => {
        const answer = attempt(onServer);
        const afterMs = answerAfterMs ? answerAfterMs() : 0;
        if (afterMs === undefined) return;
        const send = (): void =>
          connection.toClient(() =>
            settle(() => ('error' in answer ? reject(answer.error) : resolve(answer.value))),
          );
        if (afterMs === 0) send();
        else time.after(afterMs, connection.server, send);
      });
    });
  }

  function deliver(inbox: string, { data, reply, status }: Delivery): void {
    connection.toClient(() => {
      const callback = subscriptions.get(inbox.slice(0, inbox.lastIndexOf('.')));
      if (!callback) return;
      // The part of a message that pulling reads.
      const message: Pick<Message, 'subject' | 'data'> & { reply?: string; headers?: MessageHeaders } = {
        subject: inbox,
        data,
        ...(reply !== undefined && { reply }),
        ...(status && { headers: status as MessageHeaders }),
      };
      void callback(null, message as Message);
    });
  }

  function pull(stream: string, durable: string, payload: unknown, inbox: string): void {
    const { batch, max_bytes, expires } = JSON.parse(text(payload)) as {
      batch: number;
      max_bytes: number;
      expires: number;
    };
    inboxes.add(inbox);
    connection.toServer(() =>
      server.pull(
        stream,
        durable,
        {
          connection,
          inbox,
          messages: batch,
          bytes: max_bytes,
          send: (delivery) => deliver(inbox, delivery),
        },
        expires / NANOS_PER_MS,
      ),
    );
  }

  const natsConnection: Pick<
    NatsConnection,
    'publish' | 'request' | 'subscribe' | 'flush' | 'isClosed' | 'close' | 'getServer'
  > & { info: { server_id: string; version: string } } = {
    info: { server_id: server.serverId(), version: '2.9.10' },
    publish(subject, payload, options) {
      if (subject.startsWith(PULL_PREFIX)) {
        const [stream = '', durable = ''] = subject.slice(PULL_PREFIX.length).split('.');
        return pull(stream, durable, payload, options?.reply ?? '');
      }
      if (!subject.startsWith(ACK_PREFIX)) throw new Error(`nobody is to publish to ${subject}`);
      connection.toServer(() => {
        if (!faults.strikes('ack_lost')) server.acknowledgement(subject, text(payload));
      });
    },
    async request(subject, payload, options) {
      if (!subject.startsWith(ACK_PREFIX)) throw new Error(`nobody is to ask ${subject}`);
      await ask(
        () => {
          if (faults.strikes('ack_lost')) return;
          if (!server.acknowledgement(subject, text(payload))) throw natsNoResponders();
        },
        { timeoutMs: options?.timeout ?? API_TIMEOUT_MS },
      );
      // Nothing is read of it.
      return {} as Message;
    },
    subscribe(subject, options) {
      const prefix = subject.slice(0, -'.*'.length);
      if (options?.callback) subscriptions.set(prefix, options.callback);
      const unsubscribe = (): void => {
        subscriptions.delete(prefix);
        connection.toServer(() => server.dropRequests((inbox) => inbox.startsWith(`${prefix}.`)));
      };
      return { unsubscribe } as ReturnType<NatsConnection['subscribe']>;
    },
    flush: () => ask(() => undefined, { timeoutMs: 60_000 }),
    isClosed: () => isClosed,
    close() {
      connection.cut();
      return Promise.resolve();
    },
    getServer: () => 'nats',
  };

  const js: Pick<JetStream, 'publish'> = {
    publish: (subject, payload, options) =>
      ask(
        () =>
          server.publish(subject, payload as Uint8Array, {
            headers: options?.headers,
            expectStream: options?.expect?.streamName,
          }),
        {
          timeoutMs: options?.timeout ?? API_TIMEOUT_MS,
          answerAfterMs() {
            if (faults.strikes('puback_lost')) {
              trace(() => 'the PubAck is lost');
              return undefined;
            }
            return faults.strikes('puback_late') ? server.lateMs() : 0;
          },
        },
      ),
  };

  const streams: Pick<JetStreamManager['streams'], 'info' | 'add' | 'update' | 'purge' | 'delete'> = {
    info: (name) => ask(() => server.streamInfo(name)),
    add: (config) => ask(() => server.addStream(config)),
    update: (name) => ask(() => server.streamInfo(name)),
    purge: (name, options) =>
      ask(() => ({
        success: true,
        purged: server.purgeStream(name, options && 'seq' in options ? (options.seq ?? 0) : Infinity),
      })),
    delete: (name) =>
      ask(() => {
        server.deleteStream(name);
        return true;
      }),
  };
  const consumers: Pick<JetStreamManager['consumers'], 'info' | 'add' | 'update' | 'delete' | 'list'> = {
    info: (stream, durable) => ask(() => server.consumerInfo(stream, durable)),
    add: (stream, config) => ask(() => server.addConsumer(stream, config)),
    update: (stream, durable, config) => ask(() => server.updateConsumer(stream, durable, config)),
    delete: (stream, durable) => ask(() => server.deleteConsumer(stream, durable)),
    list(stream) {
      let page = ask(() => server.consumers(stream));
      return {
        next() {
          const answer = page;
          page = Promise.resolve([]);
          return answer;
        },
        async *[Symbol.asyncIterator]() {
          yield* await this.next();
        },
      };
    },
  };

  return {
    session: {
      connection: natsConnection as NatsConnection,
      js: js as JetStream,
      jsm: { streams, consumers } as JetStreamManager,
      serverVersion: '2.9.10',
      ended: ended.signal,
    },
    owns: (inbox) => inboxes.has(inbox),
    close() {
      if (isClosed) return;
      isClosed = true;
      for (const fail of [...waiting]) fail();
      ended.abort();
      o.onClosed();
    },
  };
}

/** A refusal is an answer. Any other error is a fault of the simulation's own. */
function attempt<T>(work: () => T): { value: T } | { error: Error } {
  try {
    return { value: work() };
  } catch (error) {
    if (!isNatsError(error)) throw error;
    return { error };
  }
}
