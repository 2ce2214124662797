import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** The last lines of a log file, for an error message; '' when it cannot be read. */
export function tailOf(file: string, { lines = 15, bytesMax = 16_384 } = {}): string {
  let handle: number | undefined;
  try {
    handle = openSync(file, 'r');
    const { size } = fstatSync(handle);
    const length = Math.min(size, bytesMax);
    const bytes = Buffer.alloc(length);
    readSync(handle, bytes, 0, length, size - length);
    return bytes.toString('utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}
