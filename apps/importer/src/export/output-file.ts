import { createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Writable } from 'node:stream';

/** Where an export goes. */
export interface OutputFile {
  /** A name beside the output's, of this process alone: for what is not whole yet. */
  partPath: string;
  /** Writes to it. */
  stream: () => Writable;
  /** Gives what was written the output's name, in place of what had it. */
  keep: () => Promise<void>;
  /** Removes what was written. */
  discard: () => Promise<void>;
}

export class OutputError extends Error {
  override readonly name = 'OutputError';
}

/**
 * A file that gets its name once it is whole. What is no file, a pipe or /dev/null, is written to as it is.
 * @throws OutputError where it cannot be written
 */
export async function createOutputFile(path: string): Promise<OutputFile> {
  const there = await stat(path).catch(() => undefined);
  if (there?.isDirectory()) throw new OutputError(`${path} is a directory`);
  if (there !== undefined && !there.isFile()) {
    const nothing = (): Promise<void> => Promise.resolve();
    return { partPath: path, stream: () => createWriteStream(path), keep: nothing, discard: nothing };
  }
  const partPath = `${path}.${process.pid}.part`;
  // Before anything is read: nobody waits for an hour to be told.
  await (await open(partPath, 'w').catch(refuse)).close();
  return {
    partPath,
    stream: () => createWriteStream(partPath),
    async keep() {
      await sync(partPath);
      await rename(partPath, path).catch(refuse);
      // Not every system opens directories.
      await sync(dirname(path)).catch(() => undefined);
    },
    discard: () => rm(partPath, { force: true }),
  };
}

/** What a machine that stops now still has afterwards. */
async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  await file.sync().finally(() => file.close());
}

function refuse(cause: NodeJS.ErrnoException): never {
  throw new OutputError(`cannot be written (${cause.code ?? cause.message})`, { cause });
}
