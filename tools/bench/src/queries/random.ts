/** Random numbers that a seed decides: the same data on every machine. */
export interface Random {
  /** 0 … 2^32 − 1 */
  bits(): number;
  /** 0 ≤ x < 1 */
  unit(): number;
}

/** sfc32. @param stream another one of the same seed, so that days can be made in any order */
export function seededRandom(seed: number, stream: number): Random {
  let a = seed | 0;
  let b = stream | 0;
  let c = 0x9e3779b9;
  let counter = 1;
  const bits = (): number => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // Its first numbers still show the seed.
  for (let i = 0; i < 16; i++) bits();
  return { bits, unit: () => bits() / 2 ** 32 };
}

/** A permutation of the 32-bit numbers that looks random (the end of MurmurHash3). */
export function scrambled(number: number): number {
  let h = number | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
