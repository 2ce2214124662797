import { headers, type MsgHdrs } from 'nats';
import { UNKNOWN_REASON, WHOLE_MESSAGE, type DeadLetter, type StoredDeadLetter } from './dead-letter.js';

export const DEAD_LETTER_HEADERS = Object.freeze({
  reason: 'Dead-Letter-Reason',
  error: 'Dead-Letter-Error',
  streamSequence: 'Dead-Letter-Stream-Sequence',
  streamEpoch: 'Dead-Letter-Stream-Epoch',
  index: 'Dead-Letter-Index',
  attempts: 'Dead-Letter-Attempts',
  receivedAt: 'Dead-Letter-Received-At',
  time: 'Dead-Letter-Time',
});

const ERROR_LENGTH_MAX = 1_000;

export function writeLetterHeaders(letter: DeadLetter, time: string): MsgHdrs {
  const h = headers();
  h.set(DEAD_LETTER_HEADERS.reason, headerText(letter.reason));
  h.set(DEAD_LETTER_HEADERS.error, headerText(letter.error));
  h.set(DEAD_LETTER_HEADERS.streamSequence, String(letter.streamSequence));
  h.set(DEAD_LETTER_HEADERS.streamEpoch, headerText(letter.streamEpoch));
  h.set(DEAD_LETTER_HEADERS.index, String(letter.index));
  h.set(DEAD_LETTER_HEADERS.attempts, String(letter.attempts));
  if (letter.receivedAt !== undefined) h.set(DEAD_LETTER_HEADERS.receivedAt, headerText(letter.receivedAt));
  h.set(DEAD_LETTER_HEADERS.time, time);
  return h;
}

export type LetterStory = Omit<StoredDeadLetter, 'payload' | 'storedAtMs' | 'sequence' | 'copies'>;

/** The story of a letter; what its headers do not tell is undefined, and such a letter is a whole message. */
export function readLetterHeaders(h: MsgHdrs | undefined): LetterStory {
  const text = (name: string): string | undefined => h?.get(name) || undefined;
  return {
    reason: text(DEAD_LETTER_HEADERS.reason) ?? UNKNOWN_REASON,
    error: text(DEAD_LETTER_HEADERS.error) ?? '',
    streamSequence: wholeNumber(text(DEAD_LETTER_HEADERS.streamSequence)),
    streamEpoch: text(DEAD_LETTER_HEADERS.streamEpoch),
    index: wholeNumber(text(DEAD_LETTER_HEADERS.index)) ?? WHOLE_MESSAGE,
    attempts: wholeNumber(text(DEAD_LETTER_HEADERS.attempts)),
    receivedAt: text(DEAD_LETTER_HEADERS.receivedAt),
  };
}

/** The same for every copy of a letter; undefined where its origin is not known, so that it equals no other. */
export function letterIdentity({ streamEpoch, streamSequence, index }: LetterStory): string | undefined {
  if (streamEpoch === undefined || streamSequence === undefined) return undefined;
  return `${streamEpoch} ${String(streamSequence)} ${String(index)}`;
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** One bounded line of printable ASCII: a header must not be broken by what it reports. */
function headerText(text: string): string {
  return text
    .slice(0, ERROR_LENGTH_MAX)
    .replace(/[^\x21-\x7e]+/g, ' ')
    .trim();
}
