import { BITS_BYTES } from '../format/layout.js';
import { bitsOf, WORDS } from '../format/words.js';
import type { Container } from './container.js';

/** Bytes of runs: two for how many they are, four for each. */
export const runsBytes = (runs: number) => 2 + 4 * runs;

/** How many runs the container consists of, or 0 when written as runs it would not be smaller. */
export function countWorthwhileRuns(container: Container): number {
  return container instanceof Uint16Array ? runsOfArray(container) : runsOfWords(container.words);
}

function runsOfArray(array: Uint16Array): number {
  // Fewer bytes as runs, 2 + 4 * runs < 2 * length, and never for less than four numbers.
  const runsMax = (array.length - 2) >> 1;
  let runs = 1;
  for (let i = 1; i < array.length && runs <= runsMax; i++) if (array[i] !== array[i - 1]! + 1) runs++;
  return runsBytes(runs) < 2 * array.length ? runs : 0;
}

function runsOfWords(words: Int32Array): number {
  let runs = 0;
  let carry = 0;
  for (let i = 0; i < WORDS && runsBytes(runs) < BITS_BYTES; i++) {
    const word = words[i]!;
    // A run begins at each bit that is set and whose neighbour below is not.
    runs += bitsOf(word & ~((word << 1) | carry));
    carry = word >>> 31;
  }
  return runsBytes(runs) < BITS_BYTES ? runs : 0;
}
