import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Duplex, type Readable } from 'node:stream';
import * as zlib from 'node:zlib';

import { wholeZstd } from './zstd-frames.js';

export class InputError extends Error {
  override readonly name = 'InputError';
}

export interface TextInput {
  /** UTF-8 bytes of the text: decompressed, without a byte order mark. */
  bytes: AsyncIterable<Uint8Array>;
  /** Size of the file as it lies there (compressed, if it is); undefined for a stream. */
  sizeBytes: number | undefined;
  /** How much of that size has been read. */
  bytesRead: () => number;
  /**
   * The text again from this byte of it on, without a look at what is before. Undefined where that cannot be had, and as
   * long as nothing was read.
   */
  bytesFrom: () => ((position: number) => AsyncIterable<Uint8Array>) | undefined;
  /** Ends `bytes`, also while it waits for more. */
  close: () => void;
}

const READ_BYTES = 256 * 1024;

/** Opens a file, or standard input for '-'. Whether it is compressed is told by its content. */
export async function openInput(path: string, stdin: Readable): Promise<TextInput> {
  if (path === '-') return inputOf(() => stdin, { sizeBytes: undefined, canSeek: false });
  const info = await stat(path).catch((cause: unknown) => {
    throw openError(cause);
  });
  if (info.isDirectory()) throw new InputError('is a directory');
  // A pipe given by name has a size of 0 that means nothing.
  const isFile = info.isFile();
  const openAt = (start: number) =>
    createReadStream(path, { highWaterMark: READ_BYTES, ...(isFile ? { start } : {}) });
  return inputOf(openAt, { sizeBytes: isFile ? info.size : undefined, canSeek: isFile });
}

export function openError(cause: unknown): InputError {
  const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new InputError('no such file', { cause });
  return new InputError(code === 'EISDIR' ? 'is a directory' : `cannot be read (${code})`, { cause });
}

function inputOf(
  openAt: (start: number) => Readable,
  { sizeBytes, canSeek }: { sizeBytes: number | undefined; canSeek: boolean },
): TextInput {
  let source = openAt(0);
  let read = 0;
  let closed = false;
  /** Where the text begins in the file, once it is known that it stands there as it is. */
  let textAt: number | undefined;

  async function* counted(stream: Readable): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        read += chunk.length;
        yield chunk;
      }
    } catch (cause) {
      if (closed || stream !== source) return;
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
      throw new InputError(`cannot be read (${code})`, { cause });
    }
  }

  async function* plainText(): AsyncGenerator<Uint8Array> {
    const raw = await peek(counted(source), HEAD_BYTES);
    const decompress = decompressionOf(raw.head);
    const text = decompress ? await peek(decompress(raw.all), HEAD_BYTES) : raw;
    refuseNoText(text.head);
    let toSkip = startsWith(text.head, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    if (!decompress) textAt = toSkip;
    for await (const chunk of text.all) {
      const kept = chunk.subarray(toSkip);
      toSkip -= chunk.length - kept.length;
      if (kept.length > 0) yield kept;
    }
  }

  return {
    bytes: plainText(),
    sizeBytes,
    bytesRead: () => read,
    bytesFrom: () => {
      if (!canSeek || textAt === undefined) return undefined;
      const begin = textAt;
      return (position) => {
        source.destroy();
        source = openAt(begin + position);
        read = begin + position;
        return counted(source);
      };
    },
    close: () => {
      closed = true;
      source.destroy();
    },
  };
}

/** Enough for every mark below. */
const HEAD_BYTES = 4;
const GZIP_MAGIC = [0x1f, 0x8b];
const ZSTD_MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const PARQUET_MAGIC = [0x50, 0x41, 0x52, 0x31];
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const UTF16_MARKS = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];

function refuseNoText(head: Uint8Array): void {
  const [first, second] = head;
  const isHalfEmpty = (first === 0) !== (second === 0) && second !== undefined;
  if (isHalfEmpty || UTF16_MARKS.some((mark) => startsWith(head, mark))) {
    throw new InputError('is UTF-16: save it as UTF-8');
  }
  if (startsWith(head, PARQUET_MAGIC)) throw new InputError('is Parquet: import it with --format parquet');
}

type Decompress = (source: AsyncGenerator<Uint8Array>) => AsyncGenerator<Uint8Array>;

function decompressionOf(head: Uint8Array): Decompress | undefined {
  if (startsWith(head, GZIP_MAGIC)) {
    return (source) => piped(source, zlib.createGunzip({ chunkSize: READ_BYTES }), 'gzip');
  }
  if (!startsWith(head, ZSTD_MAGIC)) return undefined;
  // Since Node 22.15. No package for an older one both checks checksums and installs without a download of its own.
  const { createZstdDecompress } = zlib as { createZstdDecompress?: (o: zlib.ZlibOptions) => Duplex };
  if (createZstdDecompress === undefined) {
    throw new InputError(
      `is zstd, which Node ${process.versions.node} cannot read: pipe it (zstd -dc FILE | event-importer import -), or use Node 22.15`,
    );
  }
  return (source) => piped(wholeZstd(source), createZstdDecompress({ chunkSize: READ_BYTES }), 'zstd');
}

async function* piped(
  source: AsyncGenerator<Uint8Array>,
  decompressor: Duplex,
  name: string,
): AsyncGenerator<Uint8Array> {
  // Errors of either side reach the reader of the last stream: the callback has nothing to add.
  const text = pipeline(source, decompressor, () => undefined);
  try {
    for await (const chunk of text as AsyncIterable<Uint8Array>) yield chunk;
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError(`is broken ${name} (cut short, or damaged)`, { cause });
  }
}

/** The first bytes of a stream (fewer only if it ends), and the whole of it. */
async function peek(
  source: AsyncGenerator<Uint8Array>,
  byteCount: number,
): Promise<{ head: Uint8Array; all: AsyncGenerator<Uint8Array> }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let ended = false;
  while (length < byteCount && !ended) {
    const next = await source.next();
    if (next.done) ended = true;
    else {
      chunks.push(next.value);
      length += next.value.length;
    }
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
      if (!ended) yield* source;
    } finally {
      await source.return(undefined);
    }
  }
  return { head: Buffer.concat(chunks), all: all() };
}

function startsWith(head: Uint8Array, mark: readonly number[]): boolean {
  return mark.every((byte, i) => head[i] === byte);
}
