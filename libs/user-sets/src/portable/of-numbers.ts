import { countBits, WORDS } from '../format/words.js';
import { containerOfWords, type Container } from './container.js';
import { FEW_MAX, fewOf } from './few.js';
import { nothing, put, type KeyedContainers } from './keyed-containers.js';

/** How many numbers have a key, then where the next one of them goes. All 0 between calls. */
const places = new Uint32Array(65_536);

/**
 * Puts the numbers into one heap for each key: takes time linear to how many they are.
 * @param numbers in any order, repeated ones too
 */
export function keyedOfNumbers(numbers: ArrayLike<number>): KeyedContainers {
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

  const keyed = nothing();
  let start = 0;
  for (const key of keys) {
    const end = places[key]!;
    put(keyed, key, containerOf(lower.subarray(start, end)));
    places[key] = 0;
    start = end;
  }
  return keyed;
}

/** @param lower in any order, repeated ones too */
function containerOf(lower: Uint16Array): Container {
  if (lower.length <= FEW_MAX) return Uint16Array.from(fewOf(lower));
  const words = new Int32Array(WORDS);
  for (let i = 0; i < lower.length; i++) words[lower[i]! >>> 5]! |= 1 << (lower[i]! & 31);
  return containerOfWords(words, countBits(words));
}
