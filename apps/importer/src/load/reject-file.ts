import { open, type FileHandle } from 'node:fs/promises';

import type { RejectedRow } from './batch.js';

/**
 * CSV with the columns `line,code,message,row`: where the row begins in its file, why it was refused, and the
 * row itself: the last field, unquoted again, is byte for byte what stood in the file, without its line ending.
 */
export interface RejectFile {
  add(rows: readonly RejectedRow[]): Promise<void>;
  close(): Promise<void>;
  /** Undefined while no row was rejected: the file is made when it is needed. */
  path(): string | undefined;
}

export class RejectFileError extends Error {
  override readonly name = 'RejectFileError';
}

const HEADER = 'line,code,message,row\n';

export function createRejectFile(path: string): RejectFile {
  let file: FileHandle | undefined;
  // One at a time: batches finish in any order, their rows must not interleave.
  let last: Promise<void> = Promise.resolve();

  return {
    add: (rows) => {
      const mine = last.then(() => write(rows));
      last = mine.catch(() => undefined);
      return mine;
    },
    close: async () => {
      await last;
      await file?.close();
    },
    path: () => file && path,
  };

  async function write(rows: readonly RejectedRow[]): Promise<void> {
    if (rows.length === 0) return;
    try {
      if (!file) {
        file = await open(path, 'w');
        await file.write(HEADER);
      }
      await file.writeFile(Buffer.concat(rows.flatMap(toLine)));
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      throw new RejectFileError(`the reject file ${path} cannot be written (${code}); see --reject-file`, {
        cause,
      });
    }
  }
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
