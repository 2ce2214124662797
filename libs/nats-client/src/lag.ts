import type { ConsumerInfo, StreamInfo } from 'nats';
import type { NatsConnectionHandle, NatsSession } from './connection.js';
import { durableOf, findConsumer } from './durable.js';
import type { StreamNames } from './names.js';
import { findStream } from './stream.js';

export interface StreamLag {
  /** Not yet delivered to any writer. */
  pending: number;
  /** Delivered and not yet acknowledged. pending + ackPending is the lag. */
  ackPending: number;
  /** What the stream holds. After a SIGKILL of the server this may count acknowledged messages: no measure of lag. */
  messages: number;
  bytes: number;
  /** Age of the oldest message, in seconds; undefined when nothing lags, or it could not be learned. */
  oldestAgeSeconds?: number;
}

/** How far the writers are behind. Undefined without a connection or without the stream; rejects on API errors. */
export async function streamLag(
  nats: NatsConnectionHandle,
  names: StreamNames,
  clock: () => number = Date.now,
): Promise<StreamLag | undefined> {
  const session = nats.session();
  if (!session) return undefined;
  const stream = await findStream(session, names.stream);
  if (!stream) return undefined;
  const consumer = await findConsumer(session, durableOf(session, names, stream));
  const pending = consumer ? consumer.num_pending : stream.state.messages;
  const ackPending = consumer?.num_ack_pending ?? 0;
  const oldestMs = pending + ackPending > 0 ? await oldestStoredMs(session, stream, consumer) : undefined;
  return {
    pending,
    ackPending,
    messages: stream.state.messages,
    bytes: stream.state.bytes,
    ...(oldestMs !== undefined && { oldestAgeSeconds: Math.max(0, (clock() - oldestMs) / 1_000) }),
  };
}

/** A first message that was acknowledged long ago (see purge.ts) says nothing about age: the one behind the floor does. */
async function oldestStoredMs(
  session: NatsSession,
  { state, config }: StreamInfo,
  consumer: ConsumerInfo | undefined,
): Promise<number | undefined> {
  const floor = consumer?.ack_floor.stream_seq ?? 0;
  if (state.first_seq > floor) return Date.parse(state.first_ts);
  try {
    return (await session.jsm.streams.getMessage(config.name, { seq: floor + 1 })).time.getTime();
  } catch {
    // Acknowledged meanwhile.
    return undefined;
  }
}
