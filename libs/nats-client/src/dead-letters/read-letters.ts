import type { NatsConnectionHandle } from '../connection.js';
import { JS_NO_MESSAGE_FOUND, jetStreamErrorCode } from '../api-errors.js';
import type { StreamNames } from '../names.js';
import type { LetterPlace, StoredDeadLetter } from './dead-letter.js';
import { readLetterHeaders } from './letter-headers.js';
import { liveSession } from './live-session.js';

/** Letters in memory at once: at most max_payload bytes each, so some tens of MB in the worst case. */
const LETTERS_A_PAGE = 64;

/** The letters at these places, page by page in their order; what was removed meanwhile is left out. */
export async function* readDeadLetters(
  nats: NatsConnectionHandle,
  names: StreamNames,
  places: readonly LetterPlace[],
): AsyncGenerator<StoredDeadLetter[]> {
  for (let from = 0; from < places.length; from += LETTERS_A_PAGE) {
    const page = places.slice(from, from + LETTERS_A_PAGE);
    const letters = await Promise.all(page.map((place) => readDeadLetter(nats, names, place)));
    yield letters.filter((letter) => letter !== undefined);
  }
}

async function readDeadLetter(
  nats: NatsConnectionHandle,
  names: StreamNames,
  { sequence, copies }: LetterPlace,
): Promise<StoredDeadLetter | undefined> {
  try {
    const { jsm } = liveSession(nats);
    const message = await jsm.streams.getMessage(names.deadLetterStream, { seq: sequence });
    return {
      sequence,
      copies,
      payload: message.data,
      storedAtMs: message.time.getTime(),
      ...readLetterHeaders(message.header),
    };
  } catch (error) {
    if (jetStreamErrorCode(error) === JS_NO_MESSAGE_FOUND) return undefined;
    throw error;
  }
}
