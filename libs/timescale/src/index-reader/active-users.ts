import { pieceOf, type Question, type UserRange } from './question.js';

/** How many users each of these ranges has. */
export function countUsers(ranges: readonly UserRange[]): Question<number[]> {
  const counts = ranges.map(() => 0);
  return {
    pieces: ranges.map((range, i) => pieceOf(range, (users) => (counts[i] = users.size))),
    result: () => counts,
  };
}
