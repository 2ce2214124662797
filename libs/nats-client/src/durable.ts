import { AckPolicy, DeliverPolicy, nanos, type ConsumerInfo, type StreamInfo } from 'nats';
import { JS_CONSUMER_NOT_FOUND, jetStreamErrorCode } from './api-errors.js';
import type { NatsSession } from './connection.js';
import { StreamConfigError } from './errors.js';
import type { ClientLog } from './log.js';
import { namesOf, type StreamNames } from './names.js';
import { purgeAcknowledgedOf } from './purge-floor.js';
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
 * Makes or checks the writers' durable consumer, of the stream that is there now. Undefined when there is none. It is made anew, and what is
 * delivered twice is deduplicated by the database, when what it remembers would keep messages back:
 * - it claims to have delivered more than the stream ever held (the stream lost its end): it would skip new messages;
 * - the server was killed since it was made and it still waits for acks: some of these may belong to messages that the
 *   stream no longer has, and NATS 2.9 then delivers nothing new until each has been tried, one for each request.
 */
export async function ensureDurable(
  session: NatsSession,
  configured: StreamNames,
  o: DurableOptions & { log: ClientLog },
): Promise<EnsuredDurable | undefined> {
  const found = await findStream(session, configured.stream);
  if (!found) return undefined;
  const names = namesOf(configured, found.created);
  // Consumer before stream: sequences only grow, so a consumer read first can never rightly be ahead.
  const existing = await findConsumer(session, names);
  const stream = await findStream(session, names.stream);
  if (stream?.created !== found.created) return ensureDurable(session, configured, o);
  const outdated = existing && outdatedBecause(session, existing, stream);
  if (existing && outdated === undefined) {
    return { stream, names, consumer: await adoptDurable(session, names, existing, o) };
  }
  // What is certainly done need not be delivered again.
  if (existing) await purgeAcknowledgedOf(existing, stream, session, names);
  const consumer =
    outdated === undefined
      ? await addFirstDurable(session, configured, names, o)
      : await renewDurable(session, names, { ...o, reason: outdated });
  // One that bears another stream's name would hear what is meant for that.
  const after = await findStream(session, names.stream);
  if (after?.created === stream.created) return { stream, consumer, names };
  if (after) await session.jsm.consumers.delete(names.stream, names.durable);
  return ensureDurable(session, configured, o);
}

/** A work queue has one consumer: one with another of our names, such as a version before this one made, has to go. */
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

function outdatedBecause(
  session: NatsSession,
  consumer: ConsumerInfo,
  stream: StreamInfo,
): string | undefined {
  if (consumer.delivered.stream_seq > stream.state.last_seq) return 'it is ahead of the stream';
  // In a cluster the other servers know what this one has forgotten.
  const alone = stream.cluster?.leader === undefined;
  if (alone && consumer.num_ack_pending > 0 && consumer.config.description !== madeUnder(session)) {
    return 'the server was restarted and it waits for acks';
  }
  return undefined;
}

/** A server has another id after every start. */
function madeUnder(session: NatsSession): string {
  return `made under server ${session.connection.info?.server_id ?? 'unknown'}`;
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
    description: madeUnder(session),
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
    config.max_ack_pending === o.maxAckPending &&
    config.description === madeUnder(session);
  if (same) return info;
  return session.jsm.consumers.update(names.stream, names.durable, {
    description: madeUnder(session),
    ack_wait: nanos(o.ackWaitMs),
    max_deliver: -1,
    max_ack_pending: o.maxAckPending,
  });
}
