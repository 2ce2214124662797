import { countBits, WORDS } from '../format/words.js';
import { containerOfWords, type Container } from './container.js';

export interface KeyedContainers {
  /** Ascending. */
  keys: number[];
  /** The container of the key at the same place. */
  containers: Container[];
}

/** Up to this many numbers, sorting by insertion is the fastest. */
const FEW = 32;
const few = new Uint32Array(FEW);

/** How many numbers have a key, then where the next one of them goes. All 0 between calls. */
const places = new Uint32Array(65_536);

/** @param numbers in any order, repeated ones too; takes time linear to how many they are */
export function ofNumbers(numbers: ArrayLike<number>): KeyedContainers {
  return numbers.length <= FEW ? ofFew(numbers) : ofMany(numbers);
}

function ofFew(numbers: ArrayLike<number>): KeyedContainers {
  const size = sortFew(numbers);
  const keys: number[] = [];
  const containers: Container[] = [];
  for (let start = 0; start < size;) {
    const key = few[start]! >>> 16;
    let end = start + 1;
    while (end < size && few[end]! >>> 16 === key) end++;
    keys.push(key);
    containers.push(arrayOfFew(start, end));
    start = end;
  }
  return { keys, containers };
}

function ofMany(numbers: ArrayLike<number>): KeyedContainers {
  const keys: number[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const key = numbers[i]! >>> 16;
    if (places[key] === 0) keys.push(key);
    places[key]!++;
  }
  keys.sort((a, b) => a - b);

  let next = 0;
  for (const key of keys) {
    const size = places[key]!;
    places[key] = next;
    next += size;
  }
  const lower = new Uint16Array(numbers.length);
  for (let i = 0; i < numbers.length; i++) lower[places[numbers[i]! >>> 16]!++] = numbers[i]!;

  const containers: Container[] = [];
  let start = 0;
  for (const key of keys) {
    const end = places[key]!;
    containers.push(containerOf(lower.subarray(start, end)));
    places[key] = 0;
    start = end;
  }
  return { keys, containers };
}

/** @param lower in any order, repeated ones too */
function containerOf(lower: Uint16Array): Container {
  if (lower.length <= FEW) return arrayOfFew(0, sortFew(lower));
  const words = new Int32Array(WORDS);
  for (let i = 0; i < lower.length; i++) words[lower[i]! >>> 5]! |= 1 << (lower[i]! & 31);
  return containerOfWords(words, countBits(words));
}

/** Writes the distinct numbers to `few`, ascending. @returns how many */
function sortFew(numbers: ArrayLike<number>): number {
  let size = 0;
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i]! >>> 0;
    let at = size;
    while (at > 0 && few[at - 1]! > number) at--;
    if (at > 0 && few[at - 1] === number) continue;
    for (let k = size; k > at; k--) few[k] = few[k - 1]!;
    few[at] = number;
    size++;
  }
  return size;
}

function arrayOfFew(start: number, end: number): Uint16Array {
  const array = new Uint16Array(end - start);
  for (let i = start; i < end; i++) array[i - start] = few[i]!;
  return array;
}
