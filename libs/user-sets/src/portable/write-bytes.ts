import { BITS_BYTES, COOKIE_WITH_RUNS, COOKIE_WITHOUT_RUNS, OFFSETS_FROM } from '../format/layout.js';
import { listBits, WORDS } from '../format/words.js';
import { sizeOf, type Container } from './container.js';
import { countWorthwhileRuns, runsBytes } from './count-runs.js';
import type { KeyedContainers } from './of-numbers.js';

/** From this length on, one copy of the bytes is faster than a loop. */
const COPY_WHOLE_FROM = 33;

/** The bytes of readLayout's format, each container in its smallest form. */
export function writeBytes({ keys, containers }: KeyedContainers): Uint8Array {
  const runs = containers.map(countWorthwhileRuns);
  const withRuns = runs.some((count) => count > 0);
  const flagsBytes = withRuns ? (keys.length + 7) >>> 3 : 0;
  const withOffsets = !withRuns || keys.length >= OFFSETS_FROM;
  const keysAt = withRuns ? 4 + flagsBytes : 8;
  const offsetsAt = keysAt + 4 * keys.length;
  let at = withOffsets ? offsetsAt + 4 * keys.length : offsetsAt;
  let length = at;
  for (let i = 0; i < keys.length; i++) length += bytesOf(containers[i]!, runs[i]!);

  // Every byte is written below. Small ones are parts of one larger piece of memory, which is a lot faster.
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

function bytesOf(container: Container, runs: number): number {
  if (runs > 0) return runsBytes(runs);
  return container instanceof Uint16Array ? 2 * container.length : BITS_BYTES;
}

function writeArray(bytes: Uint8Array, at: number, array: Uint16Array): void {
  if (array.length >= COPY_WHOLE_FROM) bytes.set(bytesIn(array), at);
  else for (let i = 0; i < array.length; i++) writeUint16(bytes, at + 2 * i, array[i]!);
}

const scratch = new Uint16Array(32 * WORDS);

function writeRuns(bytes: Uint8Array, at: number, container: Container, runs: number): void {
  const numbers = container instanceof Uint16Array ? container : scratch;
  const size = container instanceof Uint16Array ? container.length : listBits(container.words, scratch);
  writeUint16(bytes, at, runs);
  at += 2;
  for (let i = 0; i < size;) {
    let last = i;
    while (last + 1 < size && numbers[last + 1] === numbers[last]! + 1) last++;
    writeUint16(bytes, at, numbers[i]!);
    writeUint16(bytes, at + 2, last - i);
    at += 4;
    i = last + 1;
  }
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
