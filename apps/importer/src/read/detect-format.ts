import { once } from 'node:events';
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';

import { InputError, openError, openInput } from './open-input.js';
import type { InputFormat } from './read-settings.js';
import { HEADER_CODE, isRejectHeader } from './reject-rows.js';

const HEAD_BYTES = 64 * 1024;
const PARQUET_MAGIC = 'PAR1';
const SECOND_CODE = /^[^\r\n]*[\r\n]+"?\d*"?,"?(\w*)/;

/**
 * What an input is, told by how it begins. '-' is standard input, of which the beginning is put back.
 * @param signal ends the wait for standard input: its beginning then counts as none
 * @throws InputError for an input that cannot be read
 */
export async function detectFormat(path: string, stdin: Readable, signal: AbortSignal): Promise<InputFormat> {
  return formatOf(path === '-' ? await headOfStream(stdin, signal) : await headOfFile(path));
}

/** The same by its first bytes, compressed or not. */
export async function formatOf(head: Uint8Array): Promise<InputFormat> {
  if (Buffer.from(head).toString('latin1', 0, PARQUET_MAGIC.length) === PARQUET_MAGIC) return 'parquet';
  const bytes = await beginningOfText(head);
  const text = Buffer.from(bytes).toString('latin1');
  // A reject file is CSV itself, of the rows of an input that need not be: only of CSV it holds the header.
  if (isRejectHeader(bytes)) return SECOND_CODE.exec(text)?.[1] === HEADER_CODE ? 'csv' : 'ndjson';
  return /^\s*[{[]/.test(text) ? 'ndjson' : 'csv';
}

async function beginningOfText(head: Uint8Array): Promise<Uint8Array> {
  const input = await openInput('-', Readable.from([head], { objectMode: false }));
  // What is compressed is cut short here: that is noticed behind what there is of it.
  for await (const bytes of input.bytes) return bytes;
  return new Uint8Array(0);
}

async function headOfFile(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw new InputError('is a directory');
    // Nothing that is taken out of a pipe by name can be put back.
    if (!info.isFile())
      throw new InputError('is a pipe, whose format cannot be told by a look at it: see --format');
    const file = await open(path, 'r');
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw cause instanceof InputError ? cause : openError(cause);
  }
}

async function headOfStream(stream: Readable, signal: AbortSignal): Promise<Uint8Array> {
  for (;;) {
    const head = stream.read() as Buffer | null;
    if (head !== null) {
      stream.unshift(head);
      return head;
    }
    if (stream.readableEnded || stream.destroyed || signal.aborted) return new Uint8Array(0);
    const somethingNew = ['readable', 'end'].map((event) => once(stream, event, { signal }));
    await Promise.race(somethingNew).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }
}
