import {
  indexDeadLetters,
  readDeadLetters,
  removeDeadLetter,
  replayDeadLetter,
  type IndexedLetter,
  type LetterPlace,
  type NatsConnectionHandle,
  type StoredDeadLetter,
  type StreamNames,
} from '@event-analytics/nats-client';

/** The dead letters of one stream, as the commands use them. */
export interface Shelf {
  names: StreamNames;
  /** Undefined when the dead-letter stream was never made. */
  index(): Promise<IndexedLetter[] | undefined>;
  read(places: readonly LetterPlace[]): AsyncGenerator<StoredDeadLetter[]>;
  remove(place: LetterPlace): Promise<boolean>;
  replay(place: LetterPlace, messages: readonly Uint8Array[]): Promise<void>;
}

export function openShelf(
  nats: NatsConnectionHandle,
  o: { names: StreamNames; onPublished: () => void },
): Shelf {
  const { names, onPublished } = o;
  return {
    names,
    index: () => indexDeadLetters(nats, names),
    read: (places) => readDeadLetters(nats, names, places),
    remove: (place) => removeDeadLetter(nats, names, place),
    replay: (place, messages) => replayDeadLetter(nats, names, place, { messages, onPublished }),
  };
}
