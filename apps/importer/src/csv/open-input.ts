import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export class InputError extends Error {
  override readonly name = 'InputError';
}

export interface CsvInput {
  /** UTF-8 bytes of the CSV: decompressed, without a byte order mark. */
  bytes: AsyncIterable<Uint8Array>;
  /** Size of the file as it lies there (compressed, if it is); undefined for a stream. */
  sizeBytes: number | undefined;
  /** How much of that size has been read. */
  bytesRead: () => number;
  /** Ends `bytes`, also while it waits for more. */
  close: () => void;
}

const READ_BYTES = 256 * 1024;

/** Opens a file, or standard input for '-'. Whether it is gzip is told by its content. */
export async function openInput(path: string, stdin: Readable): Promise<CsvInput> {
  if (path === '-') return inputOf(stdin, undefined);
  const info = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    throw new InputError(cause.code === 'ENOENT' ? 'no such file' : `cannot be read (${cause.code})`, {
      cause,
    });
  });
  if (info.isDirectory()) throw new InputError('is a directory');
  // A pipe given by name has a size of 0 that means nothing.
  return inputOf(
    createReadStream(path, { highWaterMark: READ_BYTES }),
    info.isFile() ? info.size : undefined,
  );
}

function inputOf(source: Readable, sizeBytes: number | undefined): CsvInput {
  let read = 0;
  let closed = false;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of source as AsyncIterable<Uint8Array>) {
        read += chunk.length;
        yield chunk;
      }
    } catch (cause) {
      if (closed) return;
      const code = (cause as NodeJS.ErrnoException).code ?? 'unknown reason';
      throw new InputError(`cannot be read (${code})`, { cause });
    }
  }
  return {
    bytes: plainText(counted()),
    sizeBytes,
    bytesRead: () => read,
    close: () => {
      closed = true;
      source.destroy();
    },
  };
}

const GZIP_MAGIC = [0x1f, 0x8b];
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];
const UTF16_MARKS = [
  [0xff, 0xfe],
  [0xfe, 0xff],
];

async function* plainText(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  const raw = await peek(source, GZIP_MAGIC.length);
  const text = startsWith(raw.head, GZIP_MAGIC)
    ? await peek(gunzipped(raw.all), BYTE_ORDER_MARK.length)
    : await peek(raw.all, BYTE_ORDER_MARK.length);
  if (UTF16_MARKS.some((mark) => startsWith(text.head, mark))) {
    throw new InputError('is UTF-16: save it as UTF-8');
  }
  let toSkip = startsWith(text.head, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
  for await (const chunk of text.all) {
    const kept = chunk.subarray(toSkip);
    toSkip -= chunk.length - kept.length;
    if (kept.length > 0) yield kept;
  }
}

async function* gunzipped(source: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  // Errors of either side reach the reader of the last stream: the callback has nothing to add.
  const gunzip = pipeline(source, createGunzip({ chunkSize: READ_BYTES }), () => undefined);
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) yield chunk;
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    throw new InputError('is broken gzip (cut short, or damaged)', { cause });
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
