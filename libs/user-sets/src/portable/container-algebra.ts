import { ARRAY_SIZE_MAX } from '../format/layout.js';
import { addWords, countBits, countBitsOfBoth, keepWords, removeWords } from '../format/words.js';
import { arraysAnd, arraysAndSize, arraysMinus, arraysOr } from './array-algebra.js';
import { containerOfWords, sizeOf, wordsOf, type Bits, type Container } from './container.js';

const scratch = new Uint16Array(2 * ARRAY_SIZE_MAX);

/** What is in either. `into` is changed and returned where it can be; `from` never is. */
export function orContainers(into: Container, from: Container): Container {
  if (into instanceof Uint16Array) {
    if (from instanceof Uint16Array) return orArrays(into, from);
    return addArray({ words: from.words.slice(), size: sizeOf(from) }, into);
  }
  if (from instanceof Uint16Array) return addArray(into, from);
  addWords(into.words, from.words);
  // Counted when it is asked for: unions come in long rows.
  into.size = -1;
  return into;
}

export function andSizeOfContainers(a: Container, b: Container): number {
  if (a instanceof Uint16Array) {
    return b instanceof Uint16Array ? arraysAndSize(a, b) : countInWords(a, b.words);
  }
  return b instanceof Uint16Array ? countInWords(b, a.words) : countBitsOfBoth(a.words, b.words);
}

/** What is in both, or undefined when nothing is. */
export function andContainers(a: Container, b: Container): Container | undefined {
  if (a instanceof Uint16Array) {
    return takeScratch(b instanceof Uint16Array ? arraysAnd(a, b, scratch) : filterByWords(a, b.words, 1));
  }
  if (b instanceof Uint16Array) return takeScratch(filterByWords(b, a.words, 1));
  const words = a.words.slice();
  keepWords(words, b.words);
  return orNothing(containerOfWords(words, countBits(words)));
}

/** What is in `a` and not in `b`, or undefined when nothing is. */
export function minusContainers(a: Container, b: Container): Container | undefined {
  if (a instanceof Uint16Array) {
    return takeScratch(b instanceof Uint16Array ? arraysMinus(a, b, scratch) : filterByWords(a, b.words, 0));
  }
  const words = a.words.slice();
  if (!(b instanceof Uint16Array)) {
    removeWords(words, b.words);
    return orNothing(containerOfWords(words, countBits(words)));
  }
  let size = sizeOf(a);
  for (let i = 0; i < b.length; i++) {
    const number = b[i]!;
    size -= (words[number >>> 5]! >>> (number & 31)) & 1;
    words[number >>> 5]! &= ~(1 << (number & 31));
  }
  return orNothing(containerOfWords(words, size));
}

function orArrays(a: Uint16Array, b: Uint16Array): Container {
  const size = arraysOr(a, b, scratch);
  if (size <= ARRAY_SIZE_MAX) return scratch.slice(0, size);
  return { words: wordsOf(scratch.subarray(0, size)), size };
}

function addArray(bits: Bits, array: Uint16Array): Bits {
  const { words } = bits;
  let added = 0;
  for (let i = 0; i < array.length; i++) {
    const number = array[i]!;
    const word = words[number >>> 5]!;
    added += (~word >>> (number & 31)) & 1;
    words[number >>> 5] = word | (1 << (number & 31));
  }
  if (bits.size >= 0) bits.size += added;
  return bits;
}

function countInWords(array: Uint16Array, words: Int32Array): number {
  let size = 0;
  for (let i = 0; i < array.length; i++) size += (words[array[i]! >>> 5]! >>> (array[i]! & 31)) & 1;
  return size;
}

/** Writes those numbers to the scratch array whose bit is `wanted`. @returns how many */
function filterByWords(array: Uint16Array, words: Int32Array, wanted: 0 | 1): number {
  let size = 0;
  for (let i = 0; i < array.length; i++) {
    const number = array[i]!;
    scratch[size] = number;
    size += ((words[number >>> 5]! >>> (number & 31)) & 1) ^ wanted ^ 1;
  }
  return size;
}

function takeScratch(size: number): Uint16Array | undefined {
  return size === 0 ? undefined : scratch.slice(0, size);
}

function orNothing(container: Container): Container | undefined {
  return container instanceof Uint16Array && container.length === 0 ? undefined : container;
}
