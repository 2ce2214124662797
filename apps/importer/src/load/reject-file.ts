import { createWriteStream } from 'node:fs';
import { access, open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { nextRecord } from '../read/csv-header.js';
import { openInput } from '../read/open-input.js';
import { HEADER_CODE, isRejectHeader } from '../read/reject-rows.js';
import { createTextReader } from '../read/text-reader.js';
import type { RejectedRow } from './rejected-row.js';

/**
 * CSV with the columns `line,code,message,row`: where the row begins in its file, why it was refused, and the
 * row itself: the last field, unquoted again, is byte for byte what stood in the file, without its line ending. The first
 * row is the header of that file, where it has one, under the code `header`: so the rows can be mended here, and this file
 * be imported itself.
 */
export interface RejectFile {
  /**
   * To be called before the chunk is stored that the rows are of: those of a chunk that was not stored in the end are
   * dropped when the import goes on, and come again.
   */
  add(rows: readonly RejectedRow[]): Promise<void>;
  close(): Promise<void>;
  /** Undefined while no row was rejected: the file is made when it is needed. */
  path(): string | undefined;
}

export interface RejectFileOptions {
  /** The header of the input, as it stands there. */
  header?: Uint8Array | undefined;
  /**
   * The import goes on: rows that are there stay if their line is one of these, which is that of a chunk that is
   * stored. Without it the file begins anew.
   */
  keeps?: ((line: number) => boolean) | undefined;
}

export class RejectFileError extends Error {
  override readonly name = 'RejectFileError';
}

const COLUMNS = 'line,code,message,row\n';

export function createRejectFile(path: string, { header, keeps }: RejectFileOptions = {}): RejectFile {
  let file: FileHandle | undefined;
  let isThere = false;
  // One at a time: chunks finish in any order, their rows must not interleave.
  let last: Promise<void> = Promise.resolve();
  const kept = orError(() => (keeps ? keepRows(path, keeps) : refuseOtherFile(path)));
  // It is told to the first that adds.
  kept.catch(() => undefined);

  return {
    add: (rows) => {
      const mine = last.then(() => write(rows));
      // Behind a row that was cut off nothing can be written: what comes next fails as well.
      last = mine;
      mine.catch(() => undefined);
      return mine;
    },
    close: async () => {
      await last.catch(() => undefined);
      isThere ||= await kept.catch(() => false);
      await file?.close();
    },
    path: () => (isThere || file ? path : undefined),
  };

  async function write(rows: readonly RejectedRow[]): Promise<void> {
    isThere ||= await kept;
    if (rows.length === 0) return;
    await orError(async () => {
      if (!file) {
        file = await open(path, isThere ? 'a' : 'w');
        if (!isThere) await file.writeFile(Buffer.concat([Buffer.from(COLUMNS), ...headerLine(header)]));
        isThere = true;
      }
      await file.writeFile(Buffer.concat(rows.flatMap(toLine)));
      // What is stored is on disk, and so is then what was not.
      await file.datasync();
    });
  }

  async function orError<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof RejectFileError) throw cause;
      const { code = 'unknown reason' } = cause as NodeJS.ErrnoException;
      throw new RejectFileError(`the reject file ${path} cannot be written (${code}); see --reject-file`, {
        cause,
      });
    }
  }
}

/** Of a row as it is written below; a spreadsheet may have quoted it otherwise. */
const LINE_AND_CODE = /^"?(\d+)"?,"?(\w+)"?,/;
/** A row as large as may be, its quotes doubled, is less. */
const ROW_BYTES_MAX = 16 * 1024 * 1024;

/** Leaves of the file only the rows that stay, and returns whether there is one; at once, whatever is killed. */
async function keepRows(path: string, keeps: (line: number) => boolean): Promise<boolean> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return false;
  const part = `${path}.part`;
  const input = await openInput(path, Readable.from([]));
  try {
    const text = createTextReader(input);
    const head = await text.atHand(1024);
    if (head.length === 0) return false;
    refuseUnlessRejects(head, path);
    await pipeline(keptRows(), createWriteStream(part, { flush: true }));
    await rename(part, path);
    return true;

    async function* keptRows(): AsyncGenerator<Uint8Array> {
      const nextRow = () => nextRecord(text, { line: 1, maxRowBytes: ROW_BYTES_MAX });
      await nextRow();
      yield Buffer.from(COLUMNS);
      for (let next = await nextRow(); next !== undefined; next = await nextRow()) {
        const { bytes, problem } = next.record;
        const [, line = '', code] = LINE_AND_CODE.exec(Buffer.from(bytes).toString('latin1', 0, 128)) ?? [];
        // The last one may have been cut off where its writer was killed.
        if (problem || line === '' || !(code === HEADER_CODE || keeps(Number(line)))) continue;
        yield Buffer.concat([bytes, Buffer.from('\n')]);
      }
    }
  } finally {
    input.close();
    await rm(part, { force: true });
  }
}

/** A file of rejects is begun anew, any other is not overwritten. Returns whether rows stay: none. */
async function refuseOtherFile(path: string): Promise<boolean> {
  const info = await stat(path).catch(() => undefined);
  if (!info?.isFile() || info.size === 0) return false;
  const other = await open(path);
  try {
    const { buffer, bytesRead } = await other.read({ buffer: Buffer.alloc(64) });
    refuseUnlessRejects(buffer.subarray(0, bytesRead), path);
    return false;
  } finally {
    await other.close();
  }
}

function refuseUnlessRejects(head: Uint8Array, path: string): void {
  if (isRejectHeader(head)) return;
  throw new RejectFileError(`${path} is there and is no reject file: name another, see --reject-file`);
}

function headerLine(header: Uint8Array | undefined): Uint8Array[] {
  if (header === undefined) return [];
  const message = 'the header of the rows below';
  return toLine({ line: 1, code: HEADER_CODE, message, bytes: header });
}

const QUOTE = 0x22;

function toLine({ line, code, message, bytes }: RejectedRow): Uint8Array[] {
  const start = Buffer.from(`${line},${code},"${message.replaceAll('"', '""')}","`);
  return [start, withDoubledQuotes(bytes), Buffer.from('"\n')];
}

function withDoubledQuotes(bytes: Uint8Array): Uint8Array {
  const quotes = bytes.reduce((count, byte) => (byte === QUOTE ? count + 1 : count), 0);
  if (quotes === 0) return bytes;
  const doubled = new Uint8Array(bytes.length + quotes);
  let to = 0;
  for (const byte of bytes) {
    doubled[to++] = byte;
    if (byte === QUOTE) doubled[to++] = QUOTE;
  }
  return doubled;
}
