import { copyArray, copyBits } from '../format/copy-numbers.js';
import { readLayout, type ContainerLayout } from '../format/layout.js';
import { setRuns } from '../format/runs.js';
import { WORDS } from '../format/words.js';
import { containerOfWords, type Container } from './container.js';
import type { KeyedContainers } from './of-numbers.js';

/**
 * Runs become bits or arrays: at most 8 KiB for each of the up to 65,536 containers.
 * @throws RangeError
 */
export function readBytes(bytes: Uint8Array): KeyedContainers {
  const layout = readLayout(bytes);
  return {
    keys: layout.map(({ key }) => key),
    containers: layout.map((container) => readContainer(bytes, container)),
  };
}

function readContainer(bytes: Uint8Array, { kind, size, at }: ContainerLayout): Container {
  if (kind === 'array') {
    const array = new Uint16Array(size);
    copyArray(bytes, at, array);
    return array;
  }
  const words = new Int32Array(WORDS);
  if (kind === 'runs') {
    setRuns(words, bytes, at, size);
    return containerOfWords(words, size);
  }
  copyBits(bytes, at, size, words);
  return { words, size };
}
