import { DiscardPolicy, nanos, RetentionPolicy, StorageType, type StreamConfig } from 'nats';
import type { StreamNames } from './names.js';
import { isVersionAtLeast } from './server-version.js';

export interface EventStreamLimits {
  /** The stream refuses (never evicts) past this many messages. */
  maxMessages: number;
  /** The same in bytes; only on servers ≥ 2.10.5. */
  maxBytes?: number;
  /** 1, 3 or 5 copies of the stream. */
  replicas?: number;
}

/** Below this, max_bytes with discard:new evicts messages that were acknowledged to their publisher. */
export const MAX_BYTES_SERVER_MIN = '2.10.5';

export function eventStreamConfig(names: StreamNames, limits: EventStreamLimits): Partial<StreamConfig> {
  return {
    name: names.stream,
    subjects: [names.subject],
    storage: StorageType.File,
    retention: RetentionPolicy.Workqueue,
    discard: DiscardPolicy.New,
    // No max_age: it deletes what nobody has read yet.
    max_age: nanos(0),
    max_msgs: limits.maxMessages,
    max_bytes: limits.maxBytes ?? -1,
    max_msgs_per_subject: -1,
    max_msg_size: -1,
    num_replicas: limits.replicas ?? 1,
  };
}

/** How an existing stream would lose or evict acknowledged events: one sentence each, empty if it would not. */
export function brokenPromises(config: StreamConfig, names: StreamNames, serverVersion: string): string[] {
  const found: string[] = [];
  const expect = (field: string, have: unknown, want: unknown, why: string): void => {
    if (have !== want)
      found.push(`${field} is ${JSON.stringify(have)}, must be ${JSON.stringify(want)} (${why})`);
  };
  expect('storage', config.storage, StorageType.File, 'memory is lost with the process');
  expect(
    'retention',
    config.retention,
    RetentionPolicy.Workqueue,
    'an event is done when the writer says so',
  );
  expect('discard', config.discard, DiscardPolicy.New, 'a full stream must refuse, not evict');
  expect('max_age', config.max_age, 0, 'it deletes unread events');
  expect('subjects', config.subjects.join(','), names.subject, 'one stream, one subject');
  expect('no_ack', config.no_ack ?? false, false, 'without PubAcks nothing can be promised');
  expect('sealed', config.sealed ?? false, false, 'it takes no messages');
  if (config.max_msgs_per_subject > 0) {
    found.push(
      `max_msgs_per_subject is ${String(config.max_msgs_per_subject)}, must be unlimited (it evicts)`,
    );
  }
  if (config.mirror || (config.sources?.length ?? 0) > 0) found.push('it mirrors or sources another stream');
  if ('persist_mode' in config && config.persist_mode === 'async') {
    found.push('persist_mode is "async": it acknowledges before it writes');
  }
  const bytesProblem = maxBytesProblem(config.max_bytes, serverVersion);
  if (bytesProblem) found.push(bytesProblem);
  return found;
}

/** Why max_bytes cannot be used on that server, or undefined. */
export function maxBytesProblem(maxBytes: number | undefined, serverVersion: string): string | undefined {
  if (maxBytes === undefined || maxBytes <= 0) return undefined;
  if (isVersionAtLeast(serverVersion, MAX_BYTES_SERVER_MIN)) return undefined;
  return (
    `max_bytes is ${String(maxBytes)} and NATS ${serverVersion} with discard:new would evict acknowledged messages ` +
    `when it is reached (fixed in ${MAX_BYTES_SERVER_MIN}): use max_msgs and the server's max_file_store, or upgrade`
  );
}
