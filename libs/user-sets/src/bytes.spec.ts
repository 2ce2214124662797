import * as fc from 'fast-check';
import { describeKinds, describeNative, native } from '../test/kinds.js';
import { numberLists, range, spreadNumberLists } from '../test/random-numbers.js';
import { portableUserSets, type UserSets } from './index.js';

const either = fc.oneof(numberLists, spreadNumberLists);
const every = (step: number, count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => from + i * step);

/** Written by hand after the specification of the format. */
const EXAMPLES: [string, number[], string][] = [
  ['nothing', [], '3a300000 00000000'],
  ['one number', [5], '3a300000 01000000 0000 0000 10000000 0500'],
  [
    'two containers',
    [1, 3, 65_538],
    '3a300000 02000000 0000 0100 0100 0000 18000000 1c000000 0100 0300 0200',
  ],
  ['a run: no offsets', range(10, 20), '3b30 0000 01 0000 0a00 0100 0a00 0a00'],
  [
    'a run and an array of four containers: offsets',
    [...range(10, 20), 65_537, 131_074, 196_611],
    '3b30 0300 01 0000 0a00 0100 0000 0200 0000 0300 0000 25000000 2b000000 2d000000 2f000000' +
      '0100 0a00 0a00 0100 0200 0300',
  ],
  ['a full container', range(65_536, 131_071), '3b30 0000 01 0100 ffff 0100 0000 ffff'],
];

describeKinds('bytes', (sets) => {
  it.each(EXAMPLES)('are those of the specification: %s', (_name, numbers, hex) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
    expect(Buffer.from(sets.of(numbers).toBytes()).toString('hex')).toBe(bytes.toString('hex'));
    expect([...sets.fromBytes(bytes).toArray()]).toEqual(numbers);
  });

  it('read containers of bits, wherever in memory they begin', () => {
    const set = sets.of(every(3, 21_000));
    const bytes = set.toBytes();
    expect(bytes.length).toBe(16 + 8192);
    for (let shift = 0; shift < 8; shift++) {
      const moved = new Uint8Array(shift + bytes.length);
      moved.set(bytes, shift);
      expect(sets.fromBytes(moved.subarray(shift)).equals(set)).toBe(true);
    }
  });

  it('are the same for the same numbers, however they came together', () => {
    const property = fc.property(either, either, (first, second) => {
      const direct = sets.of([...first, ...second]);
      const union = sets.of(second);
      union.add(sets.of(first));
      const back = sets.fromBytes(direct.toBytes());
      const detour = union.minus(sets.of(first));
      detour.add(sets.of(first));
      for (const set of [union, back, detour, direct])
        expect(Buffer.compare(set.toBytes(), direct.toBytes())).toBe(0);
      expect(back.equals(union)).toBe(true);
    });
    fc.assert(property, { seed: 5, numRuns: 80 });
  }, 60_000);

  it('are not referred to any more once they are read', () => {
    for (const numbers of [[1, 2], every(7, 3000), every(2, 40_000), range(5, 60_000)]) {
      const set = sets.of(numbers);
      const bytes = Uint8Array.from(set.toBytes());
      const read = sets.fromBytes(bytes);
      bytes.fill(255);
      expect(read.equals(set)).toBe(true);
      const written = read.toBytes();
      written.fill(255);
      expect(read.equals(set)).toBe(true);
    }
  });

  it('take up to 65,536 containers', () => {
    const set = sets.of(every(65_536, 65_536, 9));
    const read = sets.fromBytes(set.toBytes());
    expect(read.size).toBe(65_536);
    expect(read.equals(set)).toBe(true);
  });
});

describeNative('bytes of both kinds', () => {
  const both = [portableUserSets, native ?? portableUserSets] satisfies UserSets[];

  it('are the same, and each reads what the other wrote', () => {
    const property = fc.property(either, (numbers) => {
      const [first, second] = both.map((sets) => sets.of(numbers).toBytes());
      expect(Buffer.compare(first!, second!)).toBe(0);
      for (const sets of both) expect(sets.fromBytes(first!).equals(sets.of(numbers))).toBe(true);
    });
    fc.assert(property, { seed: 6, numRuns: 200 });
  }, 60_000);
});
