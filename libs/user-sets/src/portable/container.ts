import { ARRAY_SIZE_MAX } from '../format/layout.js';
import { countBits, listBits, WORDS } from '../format/words.js';

/**
 * The lower 16 bits of up to 65,536 numbers. At most 4,096 are an ascending array, which is never changed
 * once it is made, so that sets may share it; more are bits, which are one set's own.
 */
export type Container = Uint16Array | Bits;

export interface Bits {
  words: Int32Array;
  /** How many are set, always more than 4,096; -1: not counted since bits were added. */
  size: number;
}

export function sizeOf(container: Container): number {
  if (container instanceof Uint16Array) return container.length;
  if (container.size < 0) container.size = countBits(container.words);
  return container.size;
}

/** A container that may be changed without changing the given one. */
export function ownContainer(container: Container): Container {
  return container instanceof Uint16Array
    ? container
    : { words: container.words.slice(), size: container.size };
}

/** What `words` hold, in the form that its size asks for. `words` are the container's from now on. */
export function containerOfWords(words: Int32Array, size: number): Container {
  if (size > ARRAY_SIZE_MAX) return { words, size };
  const array = new Uint16Array(size);
  listBits(words, array);
  return array;
}

/** The bits of an ascending array, in words of its own. */
export function wordsOf(array: Uint16Array): Int32Array {
  const words = new Int32Array(WORDS);
  for (let i = 0; i < array.length; i++) words[array[i]! >>> 5]! |= 1 << (array[i]! & 31);
  return words;
}

export function equalContainers(a: Container, b: Container): boolean {
  if (a instanceof Uint16Array) return b instanceof Uint16Array && equalElements(a, b);
  if (b instanceof Uint16Array) return false;
  return equalElements(a.words, b.words);
}

function equalElements(a: Uint16Array | Int32Array, b: Uint16Array | Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
