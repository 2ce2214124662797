import type { UserSet } from '@event-analytics/user-sets';
import { setImmediate } from 'node:timers/promises';
import { StatementTimeoutError } from '../errors.js';
import type { Piece, UserRange, UsersOf } from './question.js';

/** How long one question may keep others waiting. */
const TURN_MS = 10;

export function keyOf({ eventType, first, last }: UserRange): string {
  return `${first} ${last} ${eventType === undefined ? '' : `=${eventType}`}`;
}

/** The ranges of a question, each once, by their keys. */
export function rangesOf(pieces: readonly Piece[]): Map<string, UserRange> {
  const ranges = new Map<string, UserRange>();
  for (const piece of pieces) for (const range of piece.ranges) ranges.set(keyOf(range), range);
  return ranges;
}

/** @throws Error where a piece uses a range that it does not name, or a copy of it */
export function named(users: UserSet | undefined, range: UserRange): UserSet {
  if (users === undefined) throw new Error(`a piece uses a range that it does not name: ${keyOf(range)}`);
  return users;
}

/** Throws when it is called later than `timeoutMs` from now. @throws StatementTimeoutError */
export function timeLimit(timeoutMs: number): () => void {
  const endsMs = performance.now() + timeoutMs;
  return () => {
    if (performance.now() > endsMs) throw new StatementTimeoutError(timeoutMs);
  };
}

/**
 * Takes pieces one after another; lets others have their turn now and then.
 * @param checkTime asked whenever they had it; throws when all takes too long
 */
export async function usePieces(
  pieces: readonly Piece[],
  usersOf: UsersOf,
  checkTime: () => void,
): Promise<void> {
  let turnEndsMs = performance.now() + TURN_MS;
  for (const piece of pieces) {
    piece.use(usersOf);
    if (performance.now() < turnEndsMs) continue;
    await setImmediate();
    checkTime();
    turnEndsMs = performance.now() + TURN_MS;
  }
}
