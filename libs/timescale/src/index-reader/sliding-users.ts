import type { UserSet } from '@event-analytics/user-sets';
import { pieceOf, type Question, type UserRange } from './question.js';

/** Users of a day, and of the days that end with it. */
export interface SlidingUsers {
  day: number;
  window: number;
}

/**
 * The distinct users of each day of first…last, and of the `windowDays` days that end with it. Days are taken
 * in blocks of the window's length: a window is the end of one block and the beginning of the next, so that
 * each day costs three unions, however long the window.
 */
export function slidingUsers(o: {
  eventType: string | undefined;
  first: number;
  last: number;
  windowDays: number;
}): Question<SlidingUsers[]> {
  const found: SlidingUsers[] = [];
  const begin = o.first - o.windowDays + 1;
  let block: UserSet[] = [];
  let blockUnion: UserSet | undefined;
  /** Of the block before: the union of its days from each on. */
  let endsOfBefore: UserSet[] = [];

  const pieces = Array.from({ length: Math.max(0, o.last - begin + 1) }, (_, i) => {
    const day = begin + i;
    const range: UserRange = { eventType: o.eventType, first: day, last: day };
    return pieceOf(range, (users) => {
      if (block.length === o.windowDays) {
        endsOfBefore = unionsToTheEnd(block);
        block = [];
        blockUnion = undefined;
      }
      block.push(users);
      if (blockUnion === undefined) blockUnion = users.clone();
      else blockUnion.add(users);
      if (day < o.first) return;
      const before = endsOfBefore[block.length];
      const onlyBefore = before === undefined ? 0 : before.size - before.andSize(blockUnion);
      found.push({ day: users.size, window: blockUnion.size + onlyBefore });
    });
  });
  return { pieces, result: () => found };
}

/** Of each set and all after it. */
function unionsToTheEnd(sets: readonly UserSet[]): UserSet[] {
  const unions: UserSet[] = [];
  let union: UserSet | undefined;
  for (const set of sets.toReversed()) {
    const next = set.clone();
    if (union !== undefined) next.add(union);
    unions.push(next);
    union = next;
  }
  return unions.reverse();
}
