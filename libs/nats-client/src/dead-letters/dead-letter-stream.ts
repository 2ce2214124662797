import { DiscardPolicy, nanos, RetentionPolicy, StorageType } from 'nats';
import { JS_STREAM_NAME_IN_USE, jetStreamErrorCode } from '../api-errors.js';
import type { NatsSession } from '../connection.js';
import { StreamConfigError } from '../errors.js';
import type { StreamNames } from '../names.js';
import { findStream } from '../stream.js';

/** Makes the dead-letter stream; throws StreamConfigError where there is one that could lose letters. */
export async function ensureDeadLetterStream(
  session: NatsSession,
  names: StreamNames,
  o: { maxMessages: number; replicas: number },
): Promise<void> {
  const existing = await findStream(session, names.deadLetterStream);
  if (existing) {
    const { config } = existing;
    if (config.storage !== StorageType.File || config.discard !== DiscardPolicy.New || config.max_age !== 0) {
      throw new StreamConfigError(
        `stream ${names.deadLetterStream} could lose dead letters: must be file, discard new, no max_age`,
      );
    }
    return;
  }
  try {
    await session.jsm.streams.add({
      name: names.deadLetterStream,
      subjects: [names.deadLetterSubject],
      storage: StorageType.File,
      retention: RetentionPolicy.Limits,
      discard: DiscardPolicy.New,
      max_age: nanos(0),
      max_msgs: o.maxMessages,
      num_replicas: o.replicas,
    });
  } catch (error) {
    if (jetStreamErrorCode(error) !== JS_STREAM_NAME_IN_USE) throw error;
  }
}
