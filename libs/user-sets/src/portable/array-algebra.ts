import { ARRAY_SIZE_MAX } from '../format/layout.js';
import { WORDS } from '../format/words.js';
import { firstAtLeast } from './search.js';

/**
 * What ascending arrays have in common and what not. One of them is marked in a set of bits, the other is
 * looked up there: going through both side by side, the processor could not foresee which number is next.
 */
const marks = new Int32Array(WORDS);
const scratch = new Uint16Array(2 * ARRAY_SIZE_MAX);

/** From this ratio of lengths on, the numbers of the shorter array are searched for in the longer one. */
const SEARCH_FROM_RATIO = 64;

export function arraysAndSize(a: Uint16Array, b: Uint16Array): number {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (short.length * SEARCH_FROM_RATIO < long.length) return searchedSize(short, long);
  mark(short);
  const size = arrayAndSizeOfWords(long, marks);
  unmark(short);
  return size;
}

export function arraysAnd(a: Uint16Array, b: Uint16Array): Uint16Array {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  mark(short);
  const both = filterArray(long, marks, 1);
  unmark(short);
  return both;
}

export function arraysMinus(a: Uint16Array, b: Uint16Array): Uint16Array {
  mark(b);
  const rest = filterArray(a, marks, 0);
  unmark(b);
  return rest;
}

/** @returns a part of memory that the next call writes over */
export function arraysOr(a: Uint16Array, b: Uint16Array): Uint16Array {
  let i = 0;
  let j = 0;
  let size = 0;
  while (i < a.length && j < b.length) {
    const first = a[i]!;
    const second = b[j]!;
    const difference = first - second;
    scratch[size++] = difference < 0 ? first : second;
    // Without branches: 1 where the number was taken, else 0.
    i += (difference - 1) >>> 31;
    j += ~difference >>> 31;
  }
  while (i < a.length) scratch[size++] = a[i++]!;
  while (j < b.length) scratch[size++] = b[j++]!;
  return scratch.subarray(0, size);
}

/** How many of the array's bits are set. */
export function arrayAndSizeOfWords(array: Uint16Array, words: Int32Array): number {
  let size = 0;
  for (let i = 0; i < array.length; i++) size += (words[array[i]! >>> 5]! >>> (array[i]! & 31)) & 1;
  return size;
}

/** The numbers whose bit is `wanted`. */
export function filterArray(array: Uint16Array, words: Int32Array, wanted: 0 | 1): Uint16Array {
  let size = 0;
  for (let i = 0; i < array.length; i++) {
    const number = array[i]!;
    scratch[size] = number;
    size += ((words[number >>> 5]! >>> (number & 31)) & 1) ^ wanted ^ 1;
  }
  return scratch.slice(0, size);
}

function searchedSize(short: Uint16Array, long: Uint16Array): number {
  let size = 0;
  let at = 0;
  for (let i = 0; i < short.length; i++) {
    at = firstAtLeast(long, short[i]!, at);
    if (long[at] === short[i]) size++;
  }
  return size;
}

function mark(array: Uint16Array): void {
  for (let i = 0; i < array.length; i++) marks[array[i]! >>> 5]! |= 1 << (array[i]! & 31);
}

function unmark(array: Uint16Array): void {
  for (let i = 0; i < array.length; i++) marks[array[i]! >>> 5] = 0;
}
