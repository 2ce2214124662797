import { DEFAULT_STREAM_NAMES } from '@event-analytics/nats-client';
import type { Process } from '../../time/virtual-time.js';
import type { World } from '../../world.js';
import { jetStreamError, natsNoResponders } from '../drivers.js';
import type { Network } from '../network.js';
import { createStream, type PullRequest, type Stream } from './stream.js';
import type {
  ConsumerConfig,
  ConsumerInfo,
  MessageHeaders,
  PubAck,
  StreamConfig,
  StreamInfo,
} from './types.js';

const CONSUMER_NOT_FOUND = 10_014;
const CONSUMER_NOT_UNIQUE = 10_100;
const NAME_IN_USE = 10_058;
const STREAM_NOT_FOUND = 10_059;
const STREAM_NOT_MATCH = 10_060;
const STORE_FAILED = 10_077;

export type NatsServer = ReturnType<typeof createNatsServer>;

/** The server with its streams: what it does at the moment in which a request arrives. Errors are thrown as answers. */
export function createNatsServer(
  world: World,
  o: {
    network: Network;
    onStreamDeleted: (stream: Stream) => void;
    /** For a mutant: what durables are called. */
    durableName: (name: string) => string;
  },
) {
  const { network, onStreamDeleted, durableName } = o;
  const { time, random, faults, trace } = world;
  const streams = new Map<string, Stream>();
  let process: Process = time.startProcess('nats');
  let starts = 1;

  const find = (name: string): Stream => {
    const stream = streams.get(name);
    if (!stream) throw jetStreamError(STREAM_NOT_FOUND, 'stream not found');
    return stream;
  };
  const bySubject = (subject: string): Stream | undefined =>
    [...streams.values()].find((stream) => stream.subject === subject);
  const isoNow = (): string => new Date(time.nowMs()).toISOString();
  const consumerInfo = (stream: string, durable: string): ConsumerInfo => {
    const info = find(stream).consumerInfo();
    if (info?.name !== durableName(durable)) throw jetStreamError(CONSUMER_NOT_FOUND, 'consumer not found');
    return info;
  };

  return {
    process: () => process,
    serverId: () => `server-${starts}`,
    stream: (name: string): Stream | undefined => streams.get(name),

    publish(
      subject: string,
      data: Uint8Array,
      { headers, expectStream }: { headers?: MessageHeaders | undefined; expectStream?: string | undefined },
    ): PubAck {
      const stream = bySubject(subject);
      if (!stream) throw natsNoResponders();
      if (expectStream !== undefined && expectStream !== stream.name) {
        throw jetStreamError(STREAM_NOT_MATCH, 'expected stream does not match');
      }
      const isLetter = stream.name === DEFAULT_STREAM_NAMES.deadLetterStream;
      if (faults.strikes(isLetter ? 'dead_letter_refused' : 'publish_refused')) {
        trace(() => `refuses a message to ${stream.name}`);
        throw jetStreamError(STORE_FAILED, 'maximum messages exceeded');
      }
      const sequence = stream.store(data, headers);
      trace(() => `stores message ${sequence} of ${stream.name}`);
      return { stream: stream.name, domain: '', seq: sequence, duplicate: false };
    },

    /** `+ACK`, `-NAK` or `+WPI` to a subject that tells of which message. Says whether anybody was there to hear it. */
    acknowledgement(subject: string, word: string): boolean {
      const tokens = subject.split('.');
      const stream = streams.get(tokens[2] ?? '');
      const sequence = Number(tokens[5]);
      if (!stream || stream.consumerName() !== tokens[3]) return false;
      if (word === '+ACK') {
        trace(() => `takes the ack of message ${sequence}`);
        stream.acknowledge(sequence);
      }
      if (word === '-NAK') stream.giveBack(sequence);
      if (word === '+WPI') stream.working(sequence);
      return true;
    },

    pull(name: string, durable: string, request: PullRequest, expiresMs: number): void {
      const stream = streams.get(name);
      if (stream?.consumerName() === durableName(durable) && stream.pull(request, expiresMs)) return;
      request.send({ data: new Uint8Array(), status: { code: 503, description: 'No Responders' } });
    },
    dropRequests(ofInbox: (inbox: string) => boolean): void {
      for (const stream of streams.values()) stream.dropRequests(ofInbox);
    },

    streamInfo: (name: string): StreamInfo => find(name).info(),
    addStream(config: Partial<StreamConfig>): StreamInfo {
      const name = config.name ?? '';
      if (streams.has(name)) throw jetStreamError(NAME_IN_USE, 'stream name already in use');
      const stream = createStream(world, {
        // Given by the libs as far as they read it again.
        config: config as StreamConfig,
        created: isoNow(),
        startTimer: (delayMs, run) => void time.after(delayMs, process, run),
      });
      streams.set(name, stream);
      trace(() => `makes the stream ${name}`);
      return stream.info();
    },
    deleteStream(name: string): void {
      const stream = find(name);
      stream.deleteConsumer();
      streams.delete(name);
      onStreamDeleted(stream);
      trace(() => `deletes the stream ${name}`);
    },
    purgeStream: (name: string, below: number): number => find(name).purgeBelow(below),
    consumerInfo,
    consumers(stream: string): ConsumerInfo[] {
      const info = find(stream).consumerInfo();
      return info ? [info] : [];
    },
    addConsumer(stream: string, config: Partial<ConsumerConfig>): ConsumerInfo {
      const of = find(stream);
      const durable = durableName(config.durable_name ?? '');
      const other = of.consumerName();
      // The same again is no error; of a work queue there is no second.
      if (other === undefined) of.makeConsumer({ ...config, durable_name: durable }, isoNow());
      else if (other !== durable) throw jetStreamError(CONSUMER_NOT_UNIQUE, 'consumer not unique');
      return consumerInfo(stream, durable);
    },
    updateConsumer(stream: string, durable: string, config: Partial<ConsumerConfig>): ConsumerInfo {
      consumerInfo(stream, durable);
      find(stream).updateConsumer(config);
      return consumerInfo(stream, durable);
    },
    deleteConsumer(stream: string, durable: string): boolean {
      consumerInfo(stream, durable);
      return find(stream).deleteConsumer();
    },

    /** SIGKILL. */
    kill(): void {
      time.kill(process);
      network.cutAllOf(process);
      for (const stream of streams.values()) stream.afterKill();
    },
    start(): void {
      starts += 1;
      process = time.startProcess('nats');
      for (const stream of streams.values()) stream.afterStart();
    },
    /** How late a PubAck may come. */
    lateMs: () => random.fraction() * 2_500,
  };
}
