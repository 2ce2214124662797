import { copyArray, copyBits } from '../format/copy-numbers.js';
import { malformed, readLayout, uint16At, type ContainerLayout } from '../format/layout.js';
import { setRuns } from '../format/runs.js';
import { WORDS } from '../format/words.js';
import { containerOfWords, type Container } from './container.js';
import { FEW_MAX, type Few } from './few.js';
import type { KeyedContainers } from './keyed-containers.js';

/**
 * Runs become bits or arrays: at most 8 KiB for each of the up to 65,536 containers.
 * @throws RangeError
 */
export function readBytes(bytes: Uint8Array): Few | KeyedContainers {
  const layout = readLayout(bytes);
  if (isFew(layout)) return readFew(bytes, layout);
  return {
    keys: layout.map(({ key }) => key),
    containers: layout.map((container) => readContainer(bytes, container)),
  };
}

function isFew(layout: ContainerLayout[]): boolean {
  let left = FEW_MAX;
  return layout.every(({ kind, size }) => kind === 'array' && (left -= size) >= 0);
}

function readFew(bytes: Uint8Array, layout: ContainerLayout[]): Few {
  const few: number[] = [];
  let numberBefore = -1;
  for (const { key, size, at } of layout) {
    for (let i = 0; i < size; i++) {
      const number = key * 65_536 + uint16At(bytes, at + 2 * i);
      if (number <= numberBefore) throw malformed('an array does not ascend');
      few.push(number);
      numberBefore = number;
    }
  }
  return few;
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
