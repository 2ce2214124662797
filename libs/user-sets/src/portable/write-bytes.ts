import { BITS_BYTES, COOKIE_WITH_RUNS, COOKIE_WITHOUT_RUNS, OFFSETS_FROM } from '../format/layout.js';
import { sizeOf, type Container } from './container.js';
import { endOfKey, keyedOfFew, type Few } from './few.js';
import type { KeyedContainers } from './keyed-containers.js';
import { countWorthwhileRuns, forEachRun, runsBytes } from './runs.js';

/** From this length on, one copy of the bytes is faster than a loop. */
const COPY_WHOLE_FROM = 33;

/** The bytes of readLayout's format, each container in its smallest form. */
export function writeKeyed({ keys, containers }: KeyedContainers): Uint8Array {
  const runs = containers.map(countWorthwhileRuns);
  const withRuns = runs.some((count) => count > 0);
  const withOffsets = !withRuns || keys.length >= OFFSETS_FROM;
  const keysAt = withRuns ? 4 + ((keys.length + 7) >>> 3) : 8;
  const offsetsAt = keysAt + 4 * keys.length;
  let at = withOffsets ? offsetsAt + 4 * keys.length : offsetsAt;
  let length = at;
  for (let i = 0; i < keys.length; i++) length += bytesOf(containers[i]!, runs[i]!);

  // Every byte is written below. A small one is a part of larger memory, which is a lot faster.
  const bytes = Buffer.allocUnsafe(length);
  if (withRuns) {
    writeUint32(bytes, 0, COOKIE_WITH_RUNS | ((keys.length - 1) << 16));
    bytes.fill(0, 4, keysAt);
  } else {
    writeUint32(bytes, 0, COOKIE_WITHOUT_RUNS);
    writeUint32(bytes, 4, keys.length);
  }
  for (let i = 0; i < keys.length; i++) {
    const container = containers[i]!;
    writeUint16(bytes, keysAt + 4 * i, keys[i]!);
    writeUint16(bytes, keysAt + 4 * i + 2, sizeOf(container) - 1);
    if (withOffsets) writeUint32(bytes, offsetsAt + 4 * i, at);
    if (runs[i]! > 0) {
      bytes[4 + (i >>> 3)]! |= 1 << (i & 7);
      writeRuns(bytes, at, container, runs[i]!);
    } else if (container instanceof Uint16Array) {
      writeArray(bytes, at, container);
    } else {
      bytes.set(bytesIn(container.words), at);
    }
    at += bytesOf(container, runs[i]!);
  }
  return bytes;
}

/** The same bytes as writeKeyed's, without containers in between. */
export function writeFew(few: Few): Uint8Array {
  if (hasThreeInARow(few)) return writeKeyed(keyedOfFew(few));
  let keys = 0;
  for (let i = 0; i < few.length; i = endOfKey(few, i)) keys++;
  const offsetsAt = 8 + 4 * keys;
  const numbersAt = offsetsAt + 4 * keys;

  const bytes = Buffer.allocUnsafe(numbersAt + 2 * few.length);
  writeUint32(bytes, 0, COOKIE_WITHOUT_RUNS);
  writeUint32(bytes, 4, keys);
  for (let start = 0, key = 0; start < few.length; key++) {
    const end = endOfKey(few, start);
    writeUint16(bytes, 8 + 4 * key, few[start]! >>> 16);
    writeUint16(bytes, 8 + 4 * key + 2, end - start - 1);
    writeUint32(bytes, offsetsAt + 4 * key, numbersAt + 2 * start);
    start = end;
  }
  for (let i = 0; i < few.length; i++) writeUint16(bytes, numbersAt + 2 * i, few[i]!);
  return bytes;
}

/** Without that, no runs are smaller: a run takes as much as two numbers, and there is their count. */
function hasThreeInARow(few: Few): boolean {
  for (let i = 2; i < few.length; i++) if (few[i] === few[i - 2]! + 2) return true;
  return false;
}

function bytesOf(container: Container, runs: number): number {
  if (runs > 0) return runsBytes(runs);
  return container instanceof Uint16Array ? 2 * container.length : BITS_BYTES;
}

function writeRuns(bytes: Uint8Array, at: number, container: Container, runs: number): void {
  writeUint16(bytes, at, runs);
  forEachRun(container, (first, last) => {
    writeUint16(bytes, at + 2, first);
    writeUint16(bytes, at + 4, last - first);
    at += 4;
  });
}

function writeArray(bytes: Uint8Array, at: number, array: Uint16Array): void {
  if (array.length >= COPY_WHOLE_FROM) bytes.set(bytesIn(array), at);
  else for (let i = 0; i < array.length; i++) writeUint16(bytes, at + 2 * i, array[i]!);
}

function bytesIn(numbers: Uint16Array | Int32Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

function writeUint16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  writeUint16(bytes, at, value);
  writeUint16(bytes, at + 2, value >>> 16);
}
