/** A quarter of an hour: what a bucket is. */
export const BUCKET_MS = 900_000;
/** Quarters of an hour in a UTC day. */
export const QUARTERS_PER_DAY = 96;

/**
 * The bytes of activity_counts.quarters: for each quarter of the day with events, in order, its number
 * (one byte) and its count (LEB128: seven bits a byte, the lowest first, the top bit says that more follow).
 * @param counts 96 whole numbers, each at most 2^53 - 1
 */
export function encodeQuarterCounts(counts: ArrayLike<number>): Uint8Array {
  const bytes: number[] = [];
  for (let quarter = 0; quarter < QUARTERS_PER_DAY; quarter++) {
    let count = counts[quarter] ?? 0;
    if (count === 0) continue;
    bytes.push(quarter);
    while (count >= 128) {
      bytes.push((count % 128) + 128);
      count = Math.floor(count / 128);
    }
    bytes.push(count);
  }
  return Uint8Array.from(bytes);
}

/**
 * Adds what encodeQuarterCounts wrote to 96 counts.
 * @param into default: zeros
 * @returns `into`
 * @throws RangeError when the bytes are not of that form
 */
export function decodeQuarterCounts(
  bytes: Uint8Array,
  into: Float64Array = new Float64Array(QUARTERS_PER_DAY),
): Float64Array {
  for (let at = 0; at < bytes.length;) {
    const quarter = bytes[at++] ?? 0;
    let count = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined || quarter >= QUARTERS_PER_DAY || scale > 2 ** 49)
        throw new RangeError('not the counts of a day');
      count += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    into[quarter] = (into[quarter] ?? 0) + count;
  }
  return into;
}
