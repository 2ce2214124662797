import * as fc from 'fast-check';

/** Numbers of one container, their upper 16 bits left out. */
const lowerNumbers = fc.oneof(
  fc.array(fc.nat(0xffff), { minLength: 1, maxLength: 40 }),
  // Around the size from which on a container holds bits.
  fc.tuple(fc.constantFrom(1, 4095, 4096, 4097, 65_535), fc.nat(0xffff)).map(([size, seed]) => {
    const numbers = Array.from({ length: 65_536 }, (_, i) => i);
    return shuffled(numbers, seed).slice(0, size);
  }),
  fc.tuple(fc.constantFrom(0.01, 0.0625, 0.2, 0.75, 0.98), fc.nat(0xffff)).map(([density, seed]) => {
    const random = randomFrom(seed);
    return Array.from({ length: 65_536 }, (_, i) => i).filter(() => random() < density);
  }),
  fc
    .array(fc.tuple(fc.nat(0xffff), fc.oneof(fc.nat(5), fc.nat(9000))), { minLength: 1, maxLength: 20 })
    .map((runs) => runs.flatMap(([first, more]) => range(first, Math.min(first + more, 0xffff)))),
  fc.constant(range(0, 0xffff)),
);

/** Numbers of up to three containers, the last possible one among them, in any order and some repeated. */
export const numberLists: fc.Arbitrary<number[]> = fc
  .array(fc.tuple(fc.constantFrom(0, 1, 2, 0x7fff, 0x8000, 0xffff), lowerNumbers), { maxLength: 3 })
  .map((containers) => containers.flatMap(([key, lower]) => lower.map((number) => key * 65_536 + number)));

/** Few, over many containers. */
export const spreadNumberLists: fc.Arbitrary<number[]> = fc
  .tuple(fc.constantFrom(100, 1000, 1_000_000, 2 ** 32 - 1), fc.constantFrom(3, 30, 34, 70))
  .chain(([max, maxLength]) => fc.array(fc.nat(max), { maxLength }));

export function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

export function randomFrom(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

function shuffled(numbers: number[], seed: number): number[] {
  const random = randomFrom(seed);
  for (let i = numbers.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [numbers[i], numbers[j]] = [numbers[j] ?? 0, numbers[i] ?? 0];
  }
  return numbers;
}
