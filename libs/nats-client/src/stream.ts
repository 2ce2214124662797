import type { StreamInfo } from 'nats';
import { JS_STREAM_NAME_IN_USE, JS_STREAM_NOT_FOUND, jetStreamErrorCode } from './api-errors.js';
import { createBackoff, pause } from './backoff.js';
import type { NatsConnectionHandle, NatsSession } from './connection.js';
import { StreamConfigError } from './errors.js';
import type { ClientLog } from './log.js';
import type { StreamNames } from './names.js';
import {
  brokenPromises,
  eventStreamConfig,
  maxBytesProblem,
  type EventStreamLimits,
} from './stream-config.js';

export interface EnsureEventStreamOptions extends EventStreamLimits {
  names: StreamNames;
  /** false: limits count only when the stream is made; an existing one keeps its own. Default true. */
  updateLimits?: boolean;
  log?: ClientLog;
  /** Gives up waiting for NATS. */
  signal?: AbortSignal;
}

export interface EventStreamState {
  created: boolean;
  /** When the stream was made (ISO text of the server): the same stream has the same epoch for ever. */
  epoch: string;
  maxMessages: number;
}

/**
 * Makes the work queue, or checks the one that is there. Waits as long as NATS is not reachable; called once, at the
 * start: a stream that vanishes later is an alarm and never silently made anew. Throws StreamConfigError when the
 * server or the stream would break the promise.
 */
export async function ensureEventStream(
  nats: NatsConnectionHandle,
  o: EnsureEventStreamOptions,
): Promise<EventStreamState> {
  const backoff = createBackoff({ minMs: 200, maxMs: 2_000 });
  for (;;) {
    const session = await nats.whenConnected(o.signal);
    try {
      return await ensureOnce(session, o);
    } catch (error) {
      if (error instanceof StreamConfigError || o.signal?.aborted) throw error;
      o.log?.warn('stream_not_ready', { error: error instanceof Error ? error.message : String(error) });
      await pause(backoff.nextMs(), o.signal);
    }
  }
}

async function ensureOnce(session: NatsSession, o: EnsureEventStreamOptions): Promise<EventStreamState> {
  const problem = maxBytesProblem(o.maxBytes, session.serverVersion);
  if (problem) throw new StreamConfigError(`refusing to start: ${problem}`);
  const existing = await findStream(session, o.names.stream);
  if (existing) return await adopt(session, existing, o);
  try {
    const info = await session.jsm.streams.add(eventStreamConfig(o.names, o));
    o.log?.info('stream_created', { stream: o.names.stream, max_messages: info.config.max_msgs });
    return describe(info, true);
  } catch (error) {
    // Another service made it in the same moment.
    if (jetStreamErrorCode(error) !== JS_STREAM_NAME_IN_USE) throw error;
    return await adopt(session, await session.jsm.streams.info(o.names.stream), o);
  }
}

async function adopt(
  session: NatsSession,
  info: StreamInfo,
  o: EnsureEventStreamOptions,
): Promise<EventStreamState> {
  const broken = brokenPromises(info.config, o.names, session.serverVersion);
  if (broken.length > 0) {
    throw new StreamConfigError(
      `stream ${o.names.stream} exists and breaks the promise: ${broken.join('; ')}`,
    );
  }
  if (o.updateLimits === false) return describe(info, false);
  const limits = {
    max_msgs: o.maxMessages,
    max_bytes: o.maxBytes ?? info.config.max_bytes,
    // Never fewer copies than an operator gave it by hand.
    num_replicas: Math.max(o.replicas ?? 1, info.config.num_replicas),
  };
  const differs =
    info.config.max_msgs !== limits.max_msgs ||
    info.config.max_bytes !== limits.max_bytes ||
    info.config.num_replicas !== limits.num_replicas;
  if (!differs) return describe(info, false);
  const updated = await session.jsm.streams.update(o.names.stream, limits);
  o.log?.info('stream_updated', { stream: o.names.stream, ...limits });
  return describe(updated, false);
}

function describe(info: StreamInfo, created: boolean): EventStreamState {
  return { created, epoch: info.created, maxMessages: info.config.max_msgs };
}

/** The stream's info, or undefined when there is no such stream. */
export async function findStream(session: NatsSession, stream: string): Promise<StreamInfo | undefined> {
  try {
    return await session.jsm.streams.info(stream);
  } catch (error) {
    if (jetStreamErrorCode(error) === JS_STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}
