import { runsSize } from './runs.js';

/**
 * The format of https://github.com/RoaringBitmap/RoaringFormatSpec: numbers are split into containers by
 * their upper 16 bits, the key; a container holds the lower 16 bits of up to 65,536 numbers as an ascending
 * array, as bits, or as runs. All integers are little-endian.
 */
export const COOKIE_WITHOUT_RUNS = 12_346;
export const COOKIE_WITH_RUNS = 12_347;
/** A container without runs holds an array up to this size, bits above it. */
export const ARRAY_SIZE_MAX = 4096;
export const BITS_BYTES = 8192;
/** With runs, fewer containers than this have no table of offsets. */
export const OFFSETS_FROM = 4;

export interface ContainerLayout {
  key: number;
  kind: 'array' | 'bits' | 'runs';
  /** How many numbers, 1 to 65,536. */
  size: number;
  /** Where its numbers, bits or runs begin. */
  at: number;
}

/**
 * Where each container is. Everything but what arrays and bits hold has been checked: keys ascend, sizes
 * fit, runs are well-formed, offsets are right, and the last container ends where the bytes end.
 * @throws RangeError
 */
export function readLayout(bytes: Uint8Array): ContainerLayout[] {
  if (bytes.length < 8) throw malformed('it is too short');
  const cookie = uint32At(bytes, 0);
  const withRuns = (cookie & 0xffff) === COOKIE_WITH_RUNS;
  if (!withRuns && cookie !== COOKIE_WITHOUT_RUNS) throw malformed('it begins with another number');
  const count = withRuns ? (cookie >>> 16) + 1 : uint32At(bytes, 4);
  const flagsAt = 4;
  const keysAt = withRuns ? flagsAt + ((count + 7) >>> 3) : 8;
  const offsetsAt = keysAt + 4 * count;
  const withOffsets = !withRuns || count >= OFFSETS_FROM;
  let at = withOffsets ? offsetsAt + 4 * count : offsetsAt;
  // Before anything is made: `count` may be any number here.
  if (count > 65_536 || at > bytes.length) throw malformed('its containers do not fit');

  const layout: ContainerLayout[] = [];
  let keyBefore = -1;
  for (let i = 0; i < count; i++) {
    const key = uint16At(bytes, keysAt + 4 * i);
    const size = uint16At(bytes, keysAt + 4 * i + 2) + 1;
    if (key <= keyBefore) throw malformed('its keys do not ascend');
    keyBefore = key;
    if (withOffsets && uint32At(bytes, offsetsAt + 4 * i) !== at) throw malformed('an offset is wrong');
    if (withRuns && ((bytes[flagsAt + (i >>> 3)]! >>> (i & 7)) & 1) === 1) {
      const runs = at + 2 <= bytes.length ? uint16At(bytes, at) : 0;
      const end = at + 2 + 4 * runs;
      if (end > bytes.length || runsSize(bytes, at + 2, runs) !== size) throw malformed('its runs are wrong');
      layout.push({ key, kind: 'runs', size, at: at + 2 });
      at = end;
    } else {
      const kind = size > ARRAY_SIZE_MAX ? 'bits' : 'array';
      layout.push({ key, kind, size, at });
      at += kind === 'bits' ? BITS_BYTES : 2 * size;
    }
  }
  if (at !== bytes.length) throw malformed('it ends elsewhere than its containers');
  return layout;
}

export function malformed(reason: string, cause?: unknown): RangeError {
  return new RangeError(`not a roaring bitmap in the portable format: ${reason}`, { cause });
}

export function uint16At(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function uint32At(bytes: Uint8Array, at: number): number {
  return (uint16At(bytes, at) | (uint16At(bytes, at + 2) << 16)) >>> 0;
}
