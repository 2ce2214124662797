import { createHash, type Hash } from 'node:crypto';

import type { TextInput } from './open-input.js';

/** A text of any size, of which a stretch at a time is at hand. */
export interface TextReader {
  /** Of what `atHand` returns first, in bytes of the text. */
  position(): number;
  /** At least so many bytes from the position on; fewer only where the text ends. */
  atHand(byteCount: number): Promise<Uint8Array>;
  /** Is what is at hand the last of it? */
  isLast(): boolean;
  advance(byteCount: number): void;
  /** Goes to a later position without a look at what is before it; false where that cannot be had. */
  seek(position: number): boolean;
}

export function createTextReader(input: TextInput): TextReader {
  let source = input.bytes[Symbol.asyncIterator]();
  let held: Uint8Array = new Uint8Array(0);
  let position = 0;
  let ended = false;

  return {
    position: () => position,
    isLast: () => ended,
    atHand: async (byteCount) => {
      const pieces = [held];
      let length = held.length;
      while (length < byteCount && !ended) {
        const next = await source.next();
        if (next.done) ended = true;
        else {
          pieces.push(next.value);
          length += next.value.length;
        }
      }
      if (pieces.length > 1) held = Buffer.concat(pieces, length);
      return held;
    },
    advance: (byteCount) => {
      held = held.subarray(byteCount);
      position += byteCount;
    },
    seek: (to) => {
      const bytesFrom = input.bytesFrom();
      if (bytesFrom === undefined) return false;
      source = bytesFrom(to)[Symbol.asyncIterator]();
      held = held.subarray(held.length);
      position = to;
      ended = false;
      return true;
    },
  };
}

const PIECE_BYTES = 1024 * 1024;

/** Reads on to `end`, and says what the digest of all that was passed over is; undefined where the text ends before. */
export async function passOver(text: TextReader, end: number): Promise<string | undefined> {
  const hash = createHash('sha256');
  while (text.position() < end) {
    const left = end - text.position();
    const bytes = (await text.atHand(Math.min(PIECE_BYTES, left))).subarray(0, left);
    if (bytes.length === 0) return undefined;
    hash.update(bytes);
    text.advance(bytes.length);
  }
  return hash.digest('hex');
}

const LF = 0x0a;
const CR = 0x0d;

function endOfLine(bytes: Uint8Array, endsLine: 'lf' | 'lf or cr'): number {
  const lf = bytes.indexOf(LF);
  if (endsLine === 'lf') return lf;
  const cr = (lf === -1 ? bytes : bytes.subarray(0, lf)).indexOf(CR);
  return cr === -1 ? lf : cr;
}

/** Passes over what is left of a line, with its ending; `hash` gets it all. */
export async function passOverLine(text: TextReader, hash: Hash, endsLine: 'lf' | 'lf or cr'): Promise<void> {
  for (let isWhole = false; !isWhole;) {
    const bytes = await text.atHand(2);
    if (bytes.length === 0) return;
    const at = endOfLine(bytes, endsLine);
    // Of a CR at the end it is not known yet whether an LF belongs to it: it is looked at again.
    const isHalf = bytes[at] === CR && at === bytes.length - 1 && !text.isLast();
    isWhole = at !== -1 && !(isHalf && at > 0);
    const ending = bytes[at] === CR && bytes[at + 1] === LF ? 2 : 1;
    const length = at === -1 ? bytes.length : isHalf ? at : at + ending;
    hash.update(bytes.subarray(0, length));
    text.advance(length);
  }
}
