import { AckPolicy, DeliverPolicy, nanos, type ConsumerInfo, type StreamInfo } from 'nats';
import { JS_CONSUMER_NOT_FOUND, jetStreamErrorCode } from './api-errors.js';
import type { NatsSession } from './connection.js';
import { StreamConfigError } from './errors.js';
import type { ClientLog } from './log.js';
import type { StreamNames } from './names.js';
import { findStream } from './stream.js';

export interface DurableOptions {
  ackWaitMs: number;
  /** Deliveries waiting for an ack, over all writers together. */
  maxAckPending: number;
}

/**
 * Makes or checks the writers' durable consumer. Undefined when the stream is not there. A durable that claims to have
 * delivered more than the stream ever held (the stream lost its end) would skip new messages: it is made anew, and
 * what is delivered twice is deduplicated.
 */
export async function ensureDurable(
  session: NatsSession,
  names: StreamNames,
  o: DurableOptions & { log: ClientLog },
): Promise<{ stream: StreamInfo; consumer: ConsumerInfo } | undefined> {
  // Consumer before stream: sequences only grow, so a consumer read first can never rightly be ahead.
  const existing = await findConsumer(session, names);
  const stream = await findStream(session, names.stream);
  if (!stream) return undefined;
  if (!existing) return { stream, consumer: await addDurable(session, names, o) };
  if (existing.delivered.stream_seq > stream.state.last_seq) {
    o.log.error('consumer_ahead_of_stream', {
      delivered: existing.delivered.stream_seq,
      last_sequence: stream.state.last_seq,
    });
    await session.jsm.consumers.delete(names.stream, names.durable);
    return { stream, consumer: await addDurable(session, names, o) };
  }
  return { stream, consumer: await adoptDurable(session, names, existing, o) };
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
