import { Readable } from 'node:stream';

import { wholeZstd } from './zstd-frames.js';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const block = (content: number[], { last = false, type = 0, size = content.length } = {}): number[] => {
  const head = (size << 3) | (type << 1) | (last ? 1 : 0);
  return [head & 255, (head >> 8) & 255, (head >> 16) & 255, ...content];
};
/** With all that a header may have: a window, an id of a dictionary, the size of the content, a checksum. */
const full = [
  ...MAGIC,
  0b1100_0111,
  ...[0x50, 1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0],
  ...block([1, 2, 3]),
  ...block([4], { type: 1, size: 70_000 }),
  ...block([5, 6, 7], { last: true, type: 2 }),
  ...[9, 9, 9, 9],
];
const single = [...MAGIC, 0b0010_0000, 2, ...block([1, 2], { last: true })];
const skippable = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];

async function passed(bytes: number[], pieceBytes: number): Promise<number[]> {
  const out: number[] = [];
  function* pieces(): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes)
      yield Uint8Array.from(bytes.slice(at, at + pieceBytes));
  }
  for await (const piece of wholeZstd(Readable.from(pieces()))) out.push(...piece);
  return out;
}

describe('wholeZstd', () => {
  const frames = [...full, ...skippable, ...single];
  const ends = new Set([0, full.length, full.length + skippable.length, frames.length]);

  it.each([1, 3, 1_000])('passes whole frames on, in pieces of %i', async (pieceBytes) => {
    expect(await passed(frames, pieceBytes)).toEqual(frames);
  });

  it('throws wherever it is cut off but between two frames', async () => {
    for (let length = 0; length <= frames.length; length += 1) {
      const whole = passed(frames.slice(0, length), 4).then(
        () => true,
        () => false,
      );
      expect([length, await whole]).toEqual([length, ends.has(length)]);
    }
  });

  it('leaves to the decompressor what is none', async () => {
    const other = [...single, ...Array.from({ length: 50 }, (_, i) => i)];
    expect(await passed(other, 7)).toEqual(other);
  });
});
