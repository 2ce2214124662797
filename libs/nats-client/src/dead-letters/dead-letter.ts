/** What can never be stored, as the writer puts it away. */
export interface DeadLetter {
  /** The event, or the whole message when it cannot be taken apart, as it was. */
  payload: Uint8Array;
  /** A code: why it can never be stored. */
  reason: string;
  /** The first error's words, for a person. */
  error: string;
  streamSequence: number;
  /** Creation time of the stream that the sequence belongs to. */
  streamEpoch: string;
  /** Which event of the message; WHOLE_MESSAGE stands for the message as a whole. */
  index: number;
  /** How often the stream had delivered the message. */
  attempts: number;
  /** When the gateway had received the event, ISO; not known of a message that cannot be read. */
  receivedAt?: string;
}

/** The index of a letter that is a whole message. */
export const WHOLE_MESSAGE = -1;

/** Where a letter lies in the dead-letter stream. */
export interface LetterPlace {
  /** Its sequence there: what an operator calls it. */
  sequence: number;
  /** Where it lies again: a writer that died before its ack put it there twice. */
  copies: number[];
}

/** A letter as it is read back. What somebody else put into the stream may lack all of its story. */
export interface StoredDeadLetter extends LetterPlace {
  payload: Uint8Array;
  /** When the dead-letter stream took it, ms since 1970. */
  storedAtMs: number;
  reason: string;
  error: string;
  streamSequence: number | undefined;
  streamEpoch: string | undefined;
  index: number;
  attempts: number | undefined;
  receivedAt: string | undefined;
}

/** The reason of a letter that has none. */
export const UNKNOWN_REASON = 'unknown';
