import { AckPolicy, DeliverPolicy, nanos, type ConsumerInfo, type StreamInfo } from 'nats';
import { JS_CONSUMER_NOT_FOUND, jetStreamErrorCode } from './api-errors.js';
import type { NatsSession } from './connection.js';
import { StreamConfigError } from './errors.js';
import type { ClientLog } from './log.js';
import { namesOf, type StreamNames } from './names.js';
import { findStream } from './stream.js';

export interface DurableOptions {
  ackWaitMs: number;
  /** Deliveries waiting for an ack, over all writers together. */
  maxAckPending: number;
}

export interface EnsuredDurable {
  stream: StreamInfo;
  consumer: ConsumerInfo;
  /** With the durable of this very stream. */
  names: StreamNames;
}

/**
 * Makes or checks the writers' durable consumer, of the stream that is there now. Undefined when there is none. Each run
 * of a lone server has one of its own, and what is delivered twice is deduplicated by the database: what one that
 * outlived a SIGKILL remembers would keep messages back, or remove them unread.
 * - NATS 2.9 hands out messages that are not yet on disk. The stream then lost its end, gives the same numbers to new
 *   messages, and the durable takes these for delivered; so does whoever still holds the old ones and acknowledges them.
 * - It may wait for acks of messages that the stream no longer has, and delivers nothing new until each has been tried,
 *   one for each request.
 */
export async function ensureDurable(
  session: NatsSession,
  configured: StreamNames,
  o: DurableOptions & { log: ClientLog },
): Promise<EnsuredDurable | undefined> {
  const found = await findStream(session, configured.stream);
  if (!found) return undefined;
  const names = durableOf(session, configured, found);
  // Consumer before stream: sequences only grow, so a consumer read first can never rightly be ahead.
  const existing = await findConsumer(session, names);
  const stream = await findStream(session, names.stream);
  if (stream?.created !== found.created) return ensureDurable(session, configured, o);
  const isAhead = existing !== undefined && existing.delivered.stream_seq > stream.state.last_seq;
  if (existing && !isAhead) {
    return { stream, names, consumer: await adoptDurable(session, names, existing, o) };
  }
  const consumer = isAhead
    ? await renewDurable(session, names, { ...o, reason: 'it is ahead of the stream' })
    : await addFirstDurable(session, configured, names, o);
  // One that bears another stream's name would hear what is meant for that.
  const after = await findStream(session, names.stream);
  if (after?.created === stream.created) return { stream, consumer, names };
  if (after) await session.jsm.consumers.delete(names.stream, names.durable);
  return ensureDurable(session, configured, o);
}

/** A work queue has one consumer: one with another of our names, such as that of the server's last run, has to go. */
async function addFirstDurable(
  session: NatsSession,
  configured: StreamNames,
  names: StreamNames,
  o: DurableOptions & { log: ClientLog },
): Promise<ConsumerInfo> {
  for await (const { name } of session.jsm.consumers.list(names.stream)) {
    const isOurs = name === configured.durable || name.startsWith(`${configured.durable}-`);
    if (!isOurs || name === names.durable) continue;
    o.log.warn('consumer_renamed', { consumer: names.durable, was: name });
    await session.jsm.consumers.delete(names.stream, name);
  }
  return addDurable(session, names, o);
}

/** Forgets what the durable remembers: everything in the stream is delivered once more. */
export async function renewDurable(
  session: NatsSession,
  names: StreamNames,
  o: DurableOptions & { log: ClientLog; reason: string },
): Promise<ConsumerInfo> {
  o.log.warn('consumer_renewed', { consumer: names.durable, reason: o.reason });
  await session.jsm.consumers.delete(names.stream, names.durable);
  return addDurable(session, names, o);
}

/** The names with the durable of this stream. A server has another id after every start. */
export function durableOf(session: NatsSession, configured: StreamNames, stream: StreamInfo): StreamNames {
  // In a cluster the other servers know what this one has forgotten.
  const alone = stream.cluster?.leader === undefined;
  return namesOf(configured, stream.created, alone ? session.connection.info?.server_id : undefined);
}

/** The durable's info, or undefined when there is none (or no stream). */
export async function findConsumer(
  session: NatsSession,
  names: StreamNames,
): Promise<ConsumerInfo | undefined> {
  try {
    return await session.jsm.consumers.info(names.stream, names.durable);
  } catch (error) {
    const code = jetStreamErrorCode(error);
    if (code === JS_CONSUMER_NOT_FOUND) return undefined;
    if (!(await findStream(session, names.stream))) return undefined;
    throw error;
  }
}

function addDurable(session: NatsSession, names: StreamNames, o: DurableOptions): Promise<ConsumerInfo> {
  return session.jsm.consumers.add(names.stream, {
    durable_name: names.durable,
    ack_policy: AckPolicy.Explicit,
    deliver_policy: DeliverPolicy.All,
    ack_wait: nanos(o.ackWaitMs),
    // Giving up on a message is the writer's decision, never the broker's.
    max_deliver: -1,
    max_ack_pending: o.maxAckPending,
  });
}

async function adoptDurable(
  session: NatsSession,
  names: StreamNames,
  info: ConsumerInfo,
  o: DurableOptions,
): Promise<ConsumerInfo> {
  const { config } = info;
  const broken: string[] = [];
  if (config.ack_policy !== AckPolicy.Explicit)
    broken.push(`ack_policy is ${config.ack_policy}, must be explicit`);
  if (config.deliver_subject) broken.push('it pushes, it must be pulled');
  if (config.deliver_policy !== DeliverPolicy.All)
    broken.push(`deliver_policy is ${config.deliver_policy}, must be all`);
  if (config.filter_subject && config.filter_subject !== names.subject) {
    broken.push(`it filters ${config.filter_subject}`);
  }
  if (broken.length > 0) {
    throw new StreamConfigError(`consumer ${names.durable} of ${names.stream}: ${broken.join('; ')}`);
  }
  const same =
    config.ack_wait === nanos(o.ackWaitMs) &&
    config.max_deliver === -1 &&
    config.max_ack_pending === o.maxAckPending;
  if (same) return info;
  return session.jsm.consumers.update(names.stream, names.durable, {
    ack_wait: nanos(o.ackWaitMs),
    max_deliver: -1,
    max_ack_pending: o.maxAckPending,
  });
}
