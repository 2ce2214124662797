import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

const LF = 0x0a;

export interface Written {
  events: number;
  /** Before they were compressed. */
  bytes: number;
}

/**
 * Writes lines, an event each, behind a header; as fast as they are taken.
 * @param end false for a stream that others write to as well
 */
export async function writeText(
  pieces: AsyncIterable<Uint8Array>,
  to: Writable,
  o: {
    header: string;
    gzip: boolean;
    end: boolean;
    onProgress: (written: Written) => void;
    signal: AbortSignal;
  },
): Promise<Written> {
  const written: Written = { events: 0, bytes: 0 };

  async function* counted(): AsyncGenerator<Uint8Array> {
    if (o.header !== '') yield Buffer.from(o.header);
    for await (const piece of pieces) {
      yield piece;
      written.events += countLines(piece);
      written.bytes += piece.length;
      o.onProgress(written);
    }
  }

  const source = Readable.from(counted(), { objectMode: false });
  await pipeline(o.gzip ? [source, createGzip(), to] : [source, to], { signal: o.signal, end: o.end });
  // The process may end now, and what is not ended is not known to have been written.
  if (!o.end) await flushed(to);
  return written;
}

function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write('', (error) => (error ? reject(error) : resolve()));
  });
}

function countLines(piece: Uint8Array): number {
  let lines = 0;
  for (let at = piece.indexOf(LF); at !== -1; at = piece.indexOf(LF, at + 1)) lines += 1;
  return lines;
}
