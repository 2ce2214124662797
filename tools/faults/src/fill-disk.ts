import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

const CHUNKS = [1_048_576, 4_096, 1];

/**
 * Takes all the room that is left on the file system of the directory, to the last byte; not all at once, for the
 * cables are in this process as well. @returns what gives it back
 */
export async function fillDisk(directory: string): Promise<() => Promise<void>> {
  const path = join(directory, 'ballast');
  const ballast = await open(path, 'a');
  for (const bytes of CHUNKS) {
    const chunk = Buffer.alloc(bytes);
    while (await takes(() => ballast.write(chunk).then(({ bytesWritten }) => bytesWritten === bytes)));
  }
  await ballast.close();
  return () => rm(path, { force: true });
}

async function takes(write: () => Promise<boolean>): Promise<boolean> {
  try {
    return await write();
  } catch (error) {
    if (codeOf(error) === 'ENOSPC') return false;
    throw error;
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
