/** What stands at the head of a frame or a block, once all of it is there. */
interface Head {
  /** Bytes of content behind it. */
  content: number;
  next: 'frame' | 'block';
  hasChecksum: boolean;
}

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a5;
const CHECKSUM_BYTES = 4;
const RLE = 1;

/**
 * Passes zstd on as it is, and throws where it ends in the middle of a frame, which Node's decompressor takes for the end.
 * Anything else that is wrong is the decompressor's to say. Format: RFC 8878, 3.1.
 */
export async function* wholeZstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes: number[] = [];
  let left = 0;
  let next: Head['next'] = 'frame';
  let hasChecksum = false;
  for await (const piece of source) {
    for (let at = 0; at < piece.length;) {
      if (left > 0) {
        const passed = Math.min(left, piece.length - at);
        left -= passed;
        at += passed;
        continue;
      }
      bytes.push(piece[at++] ?? 0);
      const head: Head | undefined = next === 'frame' ? frameHead(bytes) : blockHead(bytes, hasChecksum);
      if (head === undefined) continue;
      ({ content: left, next, hasChecksum } = head);
      bytes = [];
    }
    yield piece;
  }
  if (left === Infinity) return;
  if (left > 0 || bytes.length > 0 || next === 'block') throw new Error('zstd ends in the middle of a frame');
}

function frameHead(bytes: readonly number[]): Head | undefined {
  if (bytes.length < 5) return undefined;
  const magic = littleEndian(bytes, 0, 4);
  if (Math.floor(magic / 16) === SKIPPABLE_MAGIC) {
    if (bytes.length < 8) return undefined;
    return { content: littleEndian(bytes, 4, 4), next: 'frame', hasChecksum: false };
  }
  // Not ours to judge: all that follows is passed on.
  if (magic !== FRAME_MAGIC) return { content: Infinity, next: 'frame', hasChecksum: false };
  const descriptor = bytes[4] ?? 0;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const windowBytes = isSingleSegment ? 0 : 1;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  if (bytes.length < 5 + windowBytes + dictionaryBytes + sizeBytes) return undefined;
  return { content: 0, next: 'block', hasChecksum: (descriptor & 4) !== 0 };
}

function blockHead(bytes: readonly number[], hasChecksum: boolean): Head | undefined {
  if (bytes.length < 3) return undefined;
  const head = littleEndian(bytes, 0, 3);
  const isLast = (head & 1) !== 0;
  const content = ((head >> 1) & 3) === RLE ? 1 : head >> 3;
  if (!isLast) return { content, next: 'block', hasChecksum };
  return { content: content + (hasChecksum ? CHECKSUM_BYTES : 0), next: 'frame', hasChecksum: false };
}

function littleEndian(bytes: readonly number[], from: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i -= 1) value = value * 256 + (bytes[from + i] ?? 0);
  return value;
}
