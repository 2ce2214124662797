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
  const bytes = 2 * array.length;
  let runs = 1;
  for (let i = 1; i < array.length && runsBytes(runs) < bytes; i++)
    if (array[i] !== array[i - 1]! + 1) runs++;
  return runsBytes(runs) < bytes ? runs : 0;
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

/** Calls `visit` with the first and the last number of each run, ascending. */
export function forEachRun(container: Container, visit: (first: number, last: number) => void): void {
  if (!(container instanceof Uint16Array)) return forEachRunOfWords(container.words, visit);
  for (let i = 0; i < container.length;) {
    const first = i;
    while (i + 1 < container.length && container[i + 1] === container[i]! + 1) i++;
    visit(container[first]!, container[i++]!);
  }
}

function forEachRunOfWords(words: Int32Array, visit: (first: number, last: number) => void): void {
  let first = -1;
  for (let i = 0; i < WORDS; i++) {
    // Each bit that differs from its neighbour below begins or ends a run.
    const word = words[i]!;
    const carry = first < 0 ? 0 : 1;
    for (let edges = word ^ ((word << 1) | carry); edges !== 0; edges &= edges - 1) {
      const at = (i << 5) + 31 - Math.clz32(edges & -edges);
      if (first < 0) first = at;
      else {
        visit(first, at - 1);
        first = -1;
      }
    }
  }
  if (first >= 0) visit(first, 0xffff);
}
