import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { EventLimits } from '@event-analytics/event-schema';

import type { Chunk } from './chunk.js';
import { InputError, openInput } from './open-input.js';
import { openText, type OpenedText } from './open-text.js';
import { readParquetChunks } from './parquet.js';
import type { ReadSettings } from './read-settings.js';
import { createTextReader, passOver, passOverLine, type TextReader } from './text-reader.js';

export interface ReadChunksOptions {
  stdin: Readable;
  /** The same object for a whole input. */
  limits: EventLimits;
  clock: () => number;
  /** Ends the reading at once: what was not read to its end is no chunk. */
  signal: AbortSignal;
  /** A chunk ends with the first row that reaches so many bytes. */
  chunkBytes: number;
  /** A row that is larger is none. */
  maxRowBytes: number;
  /** The chunks that need not be read again, by their starts. */
  done: ReadonlyMap<number, DoneChunk>;
  /** False: every row is judged the careful way, which is the same and takes longer. For tests. */
  fast?: boolean;
}

export interface DoneChunk {
  end: number;
  lines: number;
  digest: string;
}

export interface Reading {
  /** Those that are not done, in the order of the input. */
  chunks: AsyncIterable<Chunk>;
  /** The header of a CSV file as it stands there; undefined where there is none. */
  header: Uint8Array | undefined;
  /** Of the file as it lies there (compressed, if it is); undefined for a stream. */
  sizeBytes: number | undefined;
  /** How much of that size was read. */
  bytesRead: () => number;
  close: () => void;
}

/** Enough behind a chunk for the end of nearly every row; less behind a small one, so that a slow pipe is not waited for. */
const marginBytes = (target: number): number => Math.min(64 * 1024, target >> 3);

/**
 * Opens an input for its rows; '-' is standard input.
 * @throws InputError for an input that cannot be read, or is not what was imported before; HeaderError
 */
export async function readChunks(
  path: string,
  settings: ReadSettings,
  options: ReadChunksOptions,
): Promise<Reading> {
  if (settings.format === 'parquet') return await readParquetChunks(path, settings, options);
  const { signal } = options;
  const input = await openInput(path, options.stdin);
  const onAbort = (): void => input.close();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const close = (): void => {
    signal.removeEventListener('abort', onAbort);
    input.close();
  };
  const text = createTextReader(input);
  try {
    const opened = await openText(text, settings, options);
    const { header } = opened;
    const { sizeBytes, bytesRead } = input;
    return { chunks: textChunks(text, opened, options), header, sizeBytes, bytesRead, close };
  } catch (error) {
    close();
    if (!signal.aborted) throw error;
    // Nothing is wrong with an input whose beginning was not read to its end.
    return {
      chunks: noChunks(),
      header: undefined,
      sizeBytes: input.sizeBytes,
      bytesRead: input.bytesRead,
      close,
    };
  }
}

async function* noChunks(): AsyncGenerator<Chunk> {}

async function* textChunks(
  text: TextReader,
  opened: OpenedText,
  { signal, chunkBytes, maxRowBytes, done }: ReadChunksOptions,
): AsyncGenerator<Chunk> {
  const { rows, lineEndings, header } = opened;
  if (header !== undefined) {
    const head = headerChunk(header, { end: text.position(), lines: opened.line - 1 });
    const before = done.get(head.start);
    if (before === undefined) yield head;
    else if (before.digest !== head.digest || before.end !== head.end) {
      throw new InputError('the input changed: its header is not that of what was imported');
    }
  }
  const doneStarts = [...done.keys()].sort((a, b) => a - b);
  let firstLine = opened.line;
  for (;;) {
    firstLine += await passOverDone(text, done, signal);
    if (signal.aborted) return;
    const start = text.position();
    // What is done may have been cut otherwise: a chunk ends where one begins that is done.
    const nextDone = doneStarts.find((at) => at > start) ?? Infinity;
    const target = Math.min(chunkBytes, nextDone - start);
    let bytes = await text.atHand(target + marginBytes(target));
    const takeRows = () => rows.take(bytes, { target, isLast: text.isLast(), firstLine });
    let taken = signal.aborted ? undefined : takeRows();
    while (taken === undefined && !signal.aborted) {
      bytes = await text.atHand(
        Math.max(bytes.length + 1, Math.min(2 * bytes.length, target + maxRowBytes + 2)),
      );
      if (!signal.aborted) taken = takeRows();
    }
    if (taken === undefined || taken.end === 0) return;

    const hash = createHash('sha256').update(bytes.subarray(0, taken.end));
    text.advance(taken.end);
    if (taken.lineGoesOn) await passOverLine(text, hash, lineEndings);
    if (signal.aborted) return;
    if (text.position() > nextDone) {
      throw new InputError(
        `the input changed: a row goes on over byte ${nextDone}, where what was imported begins`,
      );
    }
    const { lines, judge } = taken;
    yield { start, end: text.position(), firstLine, lines, digest: hash.digest('hex'), judge };
    firstLine += lines;
  }
}

/** Has no rows: who goes on with a stream knows by it that the columns are those of before. */
function headerChunk(header: Uint8Array, { end, lines }: { end: number; lines: number }): Chunk {
  const digest = createHash('sha256').update(header).digest('hex');
  const judge = () => Promise.resolve({ events: [], rejected: [], rowOf: rowOfNone });
  return { start: 0, end, firstLine: 1, lines, digest, judge };
}

function rowOfNone(): never {
  throw new RangeError('a header has no rows');
}

/** Passes over the chunks from here on that are done, and returns their lines. */
async function passOverDone(
  text: TextReader,
  done: ReadChunksOptions['done'],
  signal: AbortSignal,
): Promise<number> {
  let lines = 0;
  let end = text.position();
  for (let chunk = done.get(end); chunk !== undefined; chunk = done.get(end)) {
    lines += chunk.lines;
    end = chunk.end;
  }
  if (end === text.position() || text.seek(end)) return lines;
  for (;;) {
    const start = text.position();
    const chunk = done.get(start);
    if (chunk === undefined) return lines;
    const digest = await passOver(text, chunk.end);
    if (signal.aborted) return lines;
    if (digest !== chunk.digest) {
      throw new InputError(
        `the input changed: bytes ${start} to ${chunk.end} are not those that were imported`,
      );
    }
  }
}
