import { BITS_BYTES, malformed, uint16At } from './layout.js';
import { countBits } from './words.js';

/** From this length on, one copy of the bytes is faster than a loop. */
const COPY_WHOLE_FROM = 33;

/**
 * Fills `into` with the numbers of an array container that begin at `at`. Copies them, so that it does not
 * matter where in memory `bytes` begins, and this machine's order of bytes is taken to be the format's.
 * @throws RangeError when they do not ascend
 */
export function copyArray(bytes: Uint8Array, at: number, into: Uint16Array): void {
  const size = into.length;
  if (size < COPY_WHOLE_FROM) {
    for (let i = 0; i < size; i++) into[i] = uint16At(bytes, at + 2 * i);
  } else {
    new Uint8Array(into.buffer, into.byteOffset, 2 * size).set(bytes.subarray(at, at + 2 * size));
  }
  let ascending = true;
  for (let i = 1; i < size; i++) ascending &&= into[i - 1]! < into[i]!;
  if (!ascending) throw malformed('an array does not ascend');
}

/**
 * Fills `into` with the words of a container of bits that begin at `at`.
 * @throws RangeError when not `size` bits are set
 */
export function copyBits(bytes: Uint8Array, at: number, size: number, into: Int32Array): void {
  new Uint8Array(into.buffer, into.byteOffset, BITS_BYTES).set(bytes.subarray(at, at + BITS_BYTES));
  if (countBits(into) !== size) throw malformed('it holds more or fewer bits than it says');
}
