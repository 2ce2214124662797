import type { NatsConnectionHandle } from '../connection.js';
import type { StreamNames } from '../names.js';
import { toStreamUnavailable } from '../publish-errors.js';
import type { LetterPlace } from './dead-letter.js';
import { liveSession } from './live-session.js';
import { removeDeadLetter } from './remove-letter.js';

const PUB_ACK_TIMEOUT_MS = 5_000;

/**
 * Puts `messages`, which hold what a letter held, back into the event stream, and removes the letter once the stream
 * has acknowledged each. Killed or failing anywhere in between, both are there, and the next replay puts the event
 * into the stream a second time: PostgreSQL keeps one. Never is neither there. Throws StreamUnavailableError, as the
 * publisher does, if the stream did not take it, and the driver's error if the letter could not be removed.
 */
export async function replayDeadLetter(
  nats: NatsConnectionHandle,
  names: StreamNames,
  place: LetterPlace,
  o: { messages: readonly Uint8Array[]; onPublished?: () => void },
): Promise<void> {
  const session = liveSession(nats);
  for (const message of o.messages) {
    try {
      await session.js.publish(names.subject, message, {
        timeout: PUB_ACK_TIMEOUT_MS,
        expect: { streamName: names.stream },
      });
    } catch (error) {
      throw toStreamUnavailable(error, session.ended.aborted);
    }
  }
  o.onPublished?.();
  await removeDeadLetter(nats, names, place);
}
