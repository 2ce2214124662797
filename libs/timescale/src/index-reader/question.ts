import type { UserSet } from '@event-analytics/user-sets';

/** The users with events on the days first…last (since 1970-01-01, inclusive; ±Infinity: without end). */
export interface UserRange {
  /** Undefined: of any type. */
  eventType: string | undefined;
  first: number;
  last: number;
}

/** Of a range that the piece names: that very object. */
export type UsersOf = (range: UserRange) => UserSet;

/** A part of a question that needs no more of the index at once than these ranges. */
export interface Piece {
  ranges: readonly UserRange[];
  /** The sets are shared: clone what is to be changed. */
  use(usersOf: UsersOf): void;
}

/** To be answered once: all pieces in their order, then the result. */
export interface Question<T> {
  pieces: readonly Piece[];
  result(): T;
}

/** A piece of one range. */
export function pieceOf(range: UserRange, use: (users: UserSet) => void): Piece {
  return { ranges: [range], use: (usersOf) => use(usersOf(range)) };
}

/** The same question, its result put otherwise. */
export function mapResult<From, To>(question: Question<From>, convert: (value: From) => To): Question<To> {
  return { pieces: question.pieces, result: () => convert(question.result()) };
}
