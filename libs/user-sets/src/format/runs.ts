import { uint16At } from './layout.js';
import { setBits } from './words.js';

/**
 * How many numbers `count` runs hold that begin at `at`: each is its first number and its length less one.
 * @returns 0 when they do not ascend, touch each other or go past 65,535
 */
export function runsSize(bytes: Uint8Array, at: number, count: number): number {
  let size = 0;
  let lastBefore = -2;
  for (let i = 0; i < count; i++) {
    const first = uint16At(bytes, at + 4 * i);
    const more = uint16At(bytes, at + 4 * i + 2);
    if (first <= lastBefore + 1 || first + more > 0xffff) return 0;
    lastBefore = first + more;
    size += more + 1;
  }
  return size;
}

/** Sets the bits of well-formed runs that hold `size` numbers. */
export function setRuns(words: Int32Array, bytes: Uint8Array, at: number, size: number): void {
  for (let left = size; left > 0; at += 4) {
    const first = uint16At(bytes, at);
    const more = uint16At(bytes, at + 2);
    setBits(words, first, first + more);
    left -= more + 1;
  }
}
