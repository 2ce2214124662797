import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

const READ_BYTES = 1024 * 1024;

export interface FileDigest {
  /** SHA-256 of all of it, in hex. */
  digest: string;
  sizeBytes: number;
}

/**
 * What tells a file from any other, whatever it is called; undefined for what is none (standard input, a pipe, a file
 * that is not there). Reads all of it, some 2 s a GB.
 */
export async function digestOfFile(path: string, signal: AbortSignal): Promise<FileDigest | undefined> {
  const info = path === '-' ? undefined : await stat(path).catch(() => undefined);
  if (!info?.isFile()) return undefined;
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES, signal })) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return { digest: hash.digest('hex'), sizeBytes };
}
