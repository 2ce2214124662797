import { ARRAY_SIZE_MAX } from '../format/layout.js';
import { addWords, countBits, countBitsOfBoth, keepWords, removeWords } from '../format/words.js';
import {
  arrayAndSizeOfWords,
  arraysAnd,
  arraysAndSize,
  arraysMinus,
  arraysOr,
  filterArray,
} from './array-algebra.js';
import { containerOfWords, sizeOf, wordsOf, type Bits, type Container } from './container.js';

/** What is in either. `into` is changed and returned where it can be; `from` never is. */
export function orContainers(into: Container, from: Container): Container {
  if (into instanceof Uint16Array) {
    if (from instanceof Uint16Array) return orArrays(into, from);
    return addArray({ words: from.words.slice(), size: from.size }, into);
  }
  if (from instanceof Uint16Array) return addArray(into, from);
  addWords(into.words, from.words);
  // Counted when it is asked for: unions come in long rows.
  into.size = -1;
  return into;
}

export function andSizeOfContainers(a: Container, b: Container): number {
  if (a instanceof Uint16Array) {
    return b instanceof Uint16Array ? arraysAndSize(a, b) : arrayAndSizeOfWords(a, b.words);
  }
  return b instanceof Uint16Array ? arrayAndSizeOfWords(b, a.words) : countBitsOfBoth(a.words, b.words);
}

/** What is in both; may be an array of nothing. */
export function andContainers(a: Container, b: Container): Container {
  if (a instanceof Uint16Array) {
    return b instanceof Uint16Array ? arraysAnd(a, b) : filterArray(a, b.words, 1);
  }
  if (b instanceof Uint16Array) return filterArray(b, a.words, 1);
  const words = a.words.slice();
  keepWords(words, b.words);
  return containerOfWords(words, countBits(words));
}

/** What is in `a` and not in `b`; may be an array of nothing. */
export function minusContainers(a: Container, b: Container): Container {
  if (a instanceof Uint16Array) {
    return b instanceof Uint16Array ? arraysMinus(a, b) : filterArray(a, b.words, 0);
  }
  const words = a.words.slice();
  if (b instanceof Uint16Array) return containerOfWords(words, sizeOf(a) - removeArray(words, b));
  removeWords(words, b.words);
  return containerOfWords(words, countBits(words));
}

function orArrays(a: Uint16Array, b: Uint16Array): Container {
  const array = arraysOr(a, b);
  return array.length > ARRAY_SIZE_MAX ? { words: wordsOf(array), size: array.length } : array.slice();
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

/** @returns how many bits were set */
function removeArray(words: Int32Array, array: Uint16Array): number {
  let removed = 0;
  for (let i = 0; i < array.length; i++) {
    const number = array[i]!;
    const word = words[number >>> 5]!;
    removed += (word >>> (number & 31)) & 1;
    words[number >>> 5] = word & ~(1 << (number & 31));
  }
  return removed;
}
