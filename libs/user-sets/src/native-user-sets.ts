import { checkBytes } from './format/check-bytes.js';
import { malformed } from './format/layout.js';
import type { UserSet, UserSets } from './user-set.js';

/**
 * What is used of the package roaring. Spelled out here because the package is optional: without it, there
 * are no types of it either, and the project must still compile.
 */
export interface RoaringBitmap {
  readonly size: number;
  orInPlace(other: RoaringBitmap): unknown;
  andCardinality(other: RoaringBitmap): number;
  clone(): RoaringBitmap;
  isEqual(other: RoaringBitmap): boolean;
  toUint32Array(): Uint32Array;
  runOptimize(): boolean;
  removeRunCompression(): boolean;
  serialize(format: 'portable', into: Uint8Array): unknown;
  getSerializationSizeInBytes(format: 'portable'): number;
}

export interface RoaringBitmaps {
  new (numbers?: Uint32Array): RoaringBitmap;
  and(a: RoaringBitmap, b: RoaringBitmap): RoaringBitmap;
  andNot(a: RoaringBitmap, b: RoaringBitmap): RoaringBitmap;
  deserialize(bytes: Uint8Array, format: 'portable'): RoaringBitmap;
}

/** What a set takes beside its containers, about. */
const SET_BYTES = 500;

/** Larger arrays are converted without it. */
const SCRATCH_SIZE = 4096;

const scratch = new Uint32Array(SCRATCH_SIZE);

/** @param bitmaps RoaringBitmap32 of the package roaring */
export function nativeUserSets(bitmaps: RoaringBitmaps): UserSets {
  return {
    kind: 'native',
    empty: () => new NativeUserSet(bitmaps, new bitmaps()),
    of: (numbers) => new NativeUserSet(bitmaps, new bitmaps(asUint32Array(numbers))),
    fromBytes: (bytes) => new NativeUserSet(bitmaps, readBitmap(bitmaps, bytes)),
  };
}

/** A class, for once: millions of sets share its methods. */
class NativeUserSet implements UserSet {
  constructor(
    private readonly bitmaps: RoaringBitmaps,
    readonly bitmap: RoaringBitmap,
  ) {}

  get size(): number {
    return this.bitmap.size;
  }

  get bytes(): number {
    return SET_BYTES + this.bitmap.getSerializationSizeInBytes('portable');
  }

  add(other: UserSet): void {
    this.bitmap.orInPlace(bitmapOf(other));
  }

  and(other: UserSet): UserSet {
    return new NativeUserSet(this.bitmaps, this.bitmaps.and(this.bitmap, bitmapOf(other)));
  }

  minus(other: UserSet): UserSet {
    return new NativeUserSet(this.bitmaps, this.bitmaps.andNot(this.bitmap, bitmapOf(other)));
  }

  andSize(other: UserSet): number {
    return this.bitmap.andCardinality(bitmapOf(other));
  }

  clone(): UserSet {
    return new NativeUserSet(this.bitmaps, this.bitmap.clone());
  }

  equals(other: UserSet): boolean {
    return this.bitmap.isEqual(bitmapOf(other));
  }

  toArray(): Uint32Array {
    return this.bitmap.toUint32Array();
  }

  toBytes(): Uint8Array {
    // In place and back: a copy would cost as much again, and most sets have no runs.
    const hasRuns = this.bitmap.runOptimize();
    // Into memory of ours: what roaring makes is not freed before the event loop turns, however much it is.
    const bytes = Buffer.allocUnsafe(this.bitmap.getSerializationSizeInBytes('portable'));
    this.bitmap.serialize('portable', bytes);
    if (hasRuns) this.bitmap.removeRunCompression();
    return bytes;
  }
}

/** @throws TypeError for a set of another kind */
function bitmapOf(set: UserSet): RoaringBitmap {
  if (!(set instanceof NativeUserSet)) throw new TypeError('sets of two kinds do not mix');
  return set.bitmap;
}

/** @throws RangeError */
function readBitmap(bitmaps: RoaringBitmaps, bytes: Uint8Array): RoaringBitmap {
  // The native reader stays within `bytes`, but believes what they say: with an array that does not ascend
  // or a wrong count of bits, later operations write beyond their memory.
  checkBytes(bytes);
  let bitmap: RoaringBitmap;
  try {
    bitmap = bitmaps.deserialize(bytes, 'portable');
  } catch (cause) {
    throw malformed('the native reader refuses it', cause);
  }
  // With many runs an intersection takes fifty times as long as with bits.
  bitmap.removeRunCompression();
  return bitmap;
}

/** @returns the same numbers, in memory that the next call writes over */
function asUint32Array(numbers: ArrayLike<number>): Uint32Array {
  if (numbers instanceof Uint32Array) return numbers;
  if (numbers.length > SCRATCH_SIZE) return Uint32Array.from(numbers);
  for (let i = 0; i < numbers.length; i++) scratch[i] = numbers[i]!;
  return scratch.subarray(0, numbers.length);
}
