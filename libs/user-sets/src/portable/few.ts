import { nothing, put, type KeyedContainers } from './keyed-containers.js';

/**
 * A few numbers, ascending and distinct. Those of a small set are spread over many keys, so containers would
 * be one typed array for each or two: this is a tenth of the time and memory. Never changed once made.
 */
export type Few = readonly number[];

/** Sorting them by insertion is still the fastest. */
export const FEW_MAX = 32;

/** @param numbers at most FEW_MAX, in any order, repeated ones too */
export function fewOf(numbers: ArrayLike<number>): Few {
  const few: number[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]! >>> 0;
    let at = few.length;
    while (at > 0 && few[at - 1]! > number) at--;
    if (at > 0 && few[at - 1] === number) continue;
    for (let k = few.length; k > at; k--) few[k] = few[k - 1]!;
    few[at] = number;
  }
  return few;
}

/** What is in either; may be more than a few. */
export function orFew(a: Few, b: Few): Few {
  const union: number[] = [];
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const first = a[i]!;
    const second = b[j]!;
    union.push(first < second ? first : second);
    if (first <= second) i++;
    if (second <= first) j++;
  }
  while (i < a.length) union.push(a[i++]!);
  while (j < b.length) union.push(b[j++]!);
  return union;
}

export function keyedOfFew(few: Few): KeyedContainers {
  const keyed = nothing();
  for (let start = 0; start < few.length;) {
    const end = endOfKey(few, start);
    const lower = new Uint16Array(end - start);
    for (let i = start; i < end; i++) lower[i - start] = few[i]!;
    put(keyed, few[start]! >>> 16, lower);
    start = end;
  }
  return keyed;
}

/** Where the numbers end that have the key of the one at `start`. */
export function endOfKey(few: Few, start: number): number {
  const key = few[start]! >>> 16;
  let end = start + 1;
  while (end < few.length && few[end]! >>> 16 === key) end++;
  return end;
}
