/**
 * 65,536 bits as 2,048 words of 32: what a container of many numbers is made of. The loops take four words
 * at a time: it is what V8 makes the best code of.
 */
export const WORDS = 2048;

export function countBits(words: Int32Array): number {
  return countBitsOfBoth(words, words);
}

/**
 * How many bits are set in both, counted by carry-save adders (Harley and Seal): four words become one that
 * has to be counted, and two sums that are carried on.
 */
export function countBitsOfBoth(a: Int32Array, b: Int32Array): number {
  let fours = 0;
  let twos = 0;
  let ones = 0;
  for (let i = 0; i < WORDS; i += 4) {
    const w0 = a[i]! & b[i]!;
    const w1 = a[i + 1]! & b[i + 1]!;
    const w2 = a[i + 2]! & b[i + 2]!;
    const w3 = a[i + 3]! & b[i + 3]!;
    let half = ones ^ w0;
    const twosOf01 = (ones & w0) | (half & w1);
    ones = half ^ w1;
    half = ones ^ w2;
    const twosOf23 = (ones & w2) | (half & w3);
    ones = half ^ w3;
    half = twos ^ twosOf01;
    fours += bitsOf((twos & twosOf01) | (half & twosOf23));
    twos = half ^ twosOf23;
  }
  return 4 * fours + 2 * bitsOf(twos) + bitsOf(ones);
}

export function bitsOf(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

export function addWords(into: Int32Array, from: Int32Array): void {
  for (let i = 0; i < WORDS; i += 4) {
    into[i]! |= from[i]!;
    into[i + 1]! |= from[i + 1]!;
    into[i + 2]! |= from[i + 2]!;
    into[i + 3]! |= from[i + 3]!;
  }
}

export function keepWords(into: Int32Array, from: Int32Array): void {
  for (let i = 0; i < WORDS; i += 4) {
    into[i]! &= from[i]!;
    into[i + 1]! &= from[i + 1]!;
    into[i + 2]! &= from[i + 2]!;
    into[i + 3]! &= from[i + 3]!;
  }
}

export function removeWords(into: Int32Array, from: Int32Array): void {
  for (let i = 0; i < WORDS; i += 4) {
    into[i]! &= ~from[i]!;
    into[i + 1]! &= ~from[i + 1]!;
    into[i + 2]! &= ~from[i + 2]!;
    into[i + 3]! &= ~from[i + 3]!;
  }
}

/** Sets the bits from `first` to `last`, both included. */
export function setBits(words: Int32Array, first: number, last: number): void {
  const firstWord = first >>> 5;
  const lastWord = last >>> 5;
  const fromFirst = -1 << (first & 31);
  const toLast = -1 >>> (31 - (last & 31));
  if (firstWord === lastWord) {
    words[firstWord]! |= fromFirst & toLast;
    return;
  }
  words[firstWord]! |= fromFirst;
  words.fill(-1, firstWord + 1, lastWord);
  words[lastWord]! |= toLast;
}

/**
 * Writes the numbers of the bits that are set, plus `base`, ascending, to `into` from `at` on.
 * @returns where it stopped
 */
export function listBits(words: Int32Array, into: Uint16Array | Uint32Array, at = 0, base = 0): number {
  for (let i = 0; i < WORDS; i++) {
    const first = base + (i << 5);
    for (let word = words[i]!; word !== 0; word &= word - 1)
      into[at++] = first + 31 - Math.clz32(word & -word);
  }
  return at;
}
