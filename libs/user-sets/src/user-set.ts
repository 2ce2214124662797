/**
 * A set of user numbers, 0 to 2^32 - 1. One kind's sets work only with sets of the same kind.
 * Nothing here waits or throws, except where it is said.
 */
export interface UserSet {
  /** How many numbers it holds. */
  readonly size: number;
  /** About how many bytes of memory it takes. */
  readonly bytes: number;
  /** Adds all of the other's numbers to this one. */
  add(other: UserSet): void;
  /** A new set: what is in both. */
  and(other: UserSet): UserSet;
  /** A new set: what is in this one and not in the other. */
  minus(other: UserSet): UserSet;
  /** How many numbers are in both; makes no set. */
  andSize(other: UserSet): number;
  /** A copy that shares nothing. */
  clone(): UserSet;
  equals(other: UserSet): boolean;
  /** In ascending order. */
  toArray(): Uint32Array;
  /** The portable format of https://github.com/RoaringBitmap/RoaringFormatSpec, as small as it gets. */
  toBytes(): Uint8Array;
}

export interface UserSets {
  readonly kind: 'native' | 'portable';
  empty(): UserSet;
  /** @param numbers in any order, repeated ones too */
  of(numbers: ArrayLike<number>): UserSet;
  /**
   * Reads what toBytes of either kind, or any other writer of the format, wrote. Keeps no reference to `bytes`.
   * @throws RangeError when it is not that format
   */
  fromBytes(bytes: Uint8Array): UserSet;
}
