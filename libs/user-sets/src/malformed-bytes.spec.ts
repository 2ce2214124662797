import * as fc from 'fast-check';
import { describeKinds } from '../test/kinds.js';
import { range, spreadNumberLists } from '../test/random-numbers.js';
import { portableUserSets, type UserSet, type UserSets } from './index.js';

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(' ', ''), 'hex'));

/** An array, bits and runs, and enough containers for a table of offsets. */
const everyKind = portableUserSets.of([
  ...[1, 5, 9, 200],
  ...Array.from({ length: 6000 }, (_, i) => 65_536 + 10 * i),
  ...range(131_072, 131_500),
  ...[200_000, 300_000],
]);

/** @returns undefined for a RangeError; anything else fails the test */
function read(sets: UserSets, bytes: Uint8Array): UserSet | undefined {
  try {
    return sets.fromBytes(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError);
    return undefined;
  }
}

/** Were it inconsistent inside, these would not agree, or the process would be gone. */
function expectSound(sets: UserSets, set: UserSet) {
  const numbers = set.toArray();
  expect(numbers.length).toBe(set.size);
  expect(numbers.every((number, i) => i === 0 || number > numbers[i - 1]!)).toBe(true);
  const same = sets.of(numbers);
  expect(set.equals(same)).toBe(true);
  expect(set.andSize(same)).toBe(set.size);
  expect(set.minus(same).size).toBe(0);
  set.add(same);
  expect(Buffer.compare(set.toBytes(), same.toBytes())).toBe(0);
}

describeKinds('malformed bytes', (sets) => {
  it.each([
    ['nothing at all', ''],
    ['another cookie', '3c300000 00000000'],
    ['the cookie without runs, and more', '3a300100 00000000'],
    ['no count', '3a300000'],
    ['two to the 32nd containers, less one', '3a300000 ffffffff 0000 0000 10000000 0500'],
    ['65,537 containers', '3a300000 01000100 0000 0000 10000000 0500'],
    ['65,536 containers with runs in nothing', '3b30ffff 00000000'],
    ['a byte too many', '3a300000 01000000 0000 0000 10000000 0500 00'],
    ['a byte too few', '3a300000 01000000 0000 0000 10000000 05'],
    ['the same key twice', '3a300000 02000000 0000 0000 0000 0000 18000000 1a000000 0100 0200'],
    ['descending keys', '3a300000 02000000 0100 0000 0000 0000 18000000 1a000000 0100 0200'],
    ['a wrong offset', '3a300000 01000000 0000 0000 11000000 0500'],
    ['an array that descends', '3a300000 01000000 0000 0100 10000000 0500 0400'],
    ['a number twice', '3a300000 01000000 0000 0100 10000000 0500 0500'],
    ['no runs', '3b30 0000 01 0000 0a00 0000'],
    ['fewer numbers in runs than said', '3b30 0000 01 0000 0b00 0100 0a00 0a00'],
    ['more numbers in runs than said', '3b30 0000 01 0000 0900 0100 0a00 0a00'],
    ['a run beyond the end', '3b30 0000 01 0000 0100 0100 ffff 0100'],
    ['runs that overlap', '3b30 0000 01 0000 0500 0200 0a00 0200 0b00 0200'],
    ['runs that touch', '3b30 0000 01 0000 0500 0200 0a00 0200 0d00 0200'],
    ['runs that descend', '3b30 0000 01 0000 0500 0200 1400 0200 0a00 0200'],
    ['more runs than bytes', '3b30 0000 01 0000 0a00 ffff 0a00 0a00'],
  ])('are refused: %s', (_name, text) => {
    expect(() => sets.fromBytes(hex(text))).toThrow(RangeError);
  });

  it('are refused where the number of bits is another one than said', () => {
    const bytes = Uint8Array.from(sets.of(Array.from({ length: 21_000 }, (_, i) => 3 * i)).toBytes());
    bytes[5000]! ^= 1;
    expect(() => sets.fromBytes(bytes)).toThrow(RangeError);
  });

  it('are refused where they end early, wherever that is, and where they go on', () => {
    const bytes = everyKind.toBytes();
    expect(sets.fromBytes(bytes).size).toBe(everyKind.size);
    for (let length = 0; length < bytes.length; length++)
      expect(read(sets, bytes.subarray(0, length))).toBeUndefined();
    expect(read(sets, Buffer.concat([bytes, Buffer.of(0)]))).toBeUndefined();
  }, 60_000);

  it('make a sound set or a RangeError with a bit flipped, whichever it is', () => {
    const bytes = Uint8Array.from(everyKind.toBytes());
    let refused = 0;
    // Of the bits of the large container, which are all alike, only a few.
    for (let at = 0; at < bytes.length; at += at > 100 && at < 8192 ? 97 : 1) {
      for (let bit = 0; bit < 8; bit++) {
        bytes[at]! ^= 1 << bit;
        const set = read(sets, bytes);
        if (set === undefined) refused++;
        else expectSound(sets, set);
        bytes[at]! ^= 1 << bit;
      }
    }
    expect(refused).toBeGreaterThan(800);
  }, 60_000);

  it('make a sound set or a RangeError with several bytes changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const property = fc.property(spreadNumberLists, changes, (numbers, changed) => {
      const bytes = Uint8Array.from(sets.of(numbers).toBytes());
      for (const [at, byte] of changed) bytes[at % bytes.length] = byte;
      const set = read(sets, bytes);
      if (set !== undefined) expectSound(sets, set);
    });
    fc.assert(property, { seed: 7, numRuns: 3000 });
  }, 60_000);

  it('make a sound set or a RangeError when they are random', () => {
    const begin = fc.constantFrom(
      ...['', '3a300000', '3a300000 01000000', '3b300000', '3b300000 01', '3b300300 0f'],
    );
    const property = fc.property(begin, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
      const set = read(sets, Buffer.concat([hex(start), rest]));
      if (set !== undefined) expectSound(sets, set);
    });
    fc.assert(property, { seed: 8, numRuns: 5000 });
  }, 60_000);
});
