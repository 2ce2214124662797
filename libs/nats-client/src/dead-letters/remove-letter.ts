import { JS_NO_MESSAGE_FOUND, jetStreamErrorCode } from '../api-errors.js';
import type { NatsConnectionHandle, NatsSession } from '../connection.js';
import type { StreamNames } from '../names.js';
import type { LetterPlace } from './dead-letter.js';
import { liveSession } from './live-session.js';

/**
 * Removes a letter and its copies for good. Returns whether there was anything to remove; throws
 * StreamUnavailableError without a connection, the driver's error when the server does not answer or cannot.
 */
export async function removeDeadLetter(
  nats: NatsConnectionHandle,
  names: StreamNames,
  { sequence, copies }: LetterPlace,
): Promise<boolean> {
  const session = liveSession(nats);
  const removed = await Promise.all(
    [sequence, ...copies].map((place) => removeMessage(session, names.deadLetterStream, place)),
  );
  return removed.includes(true);
}

async function removeMessage(session: NatsSession, stream: string, sequence: number): Promise<boolean> {
  try {
    // Not overwritten on disk before: that is for secrets, and slow.
    return await session.jsm.streams.deleteMessage(stream, sequence, false);
  } catch (error) {
    // A message that is not there and a disk that fails are the same error: looking tells which it was.
    if (jetStreamErrorCode(error) !== undefined && !(await isThere(session, stream, sequence))) return false;
    throw error;
  }
}

async function isThere(session: NatsSession, stream: string, sequence: number): Promise<boolean> {
  try {
    await session.jsm.streams.getMessage(stream, { seq: sequence });
    return true;
  } catch (error) {
    if (jetStreamErrorCode(error) === JS_NO_MESSAGE_FOUND) return false;
    throw error;
  }
}
