import { copyArray, copyBits } from './copy-numbers.js';
import { ARRAY_SIZE_MAX, readLayout } from './layout.js';
import { WORDS } from './words.js';

const scratchArray = new Uint16Array(ARRAY_SIZE_MAX);
const scratchWords = new Int32Array(WORDS);

/**
 * Makes sure that bytes are well-formed down to the last bit, for readers that rely on it.
 * @throws RangeError
 */
export function checkBytes(bytes: Uint8Array): void {
  for (const { kind, size, at } of readLayout(bytes)) {
    if (kind === 'array') copyArray(bytes, at, scratchArray.subarray(0, size));
    else if (kind === 'bits') copyBits(bytes, at, size, scratchWords);
  }
}
