import { open } from 'node:fs/promises';
import { UsageError } from './command-line.js';

export interface LetterFile {
  write(text: string): Promise<void>;
  /** Resolves when what was written is on disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** A new file, for its owner's eyes; throws UsageError where there is one, or none can be. */
export async function createLetterFile(path: string): Promise<LetterFile> {
  try {
    const file = await open(path, 'wx', 0o600);
    return {
      write: async (text) => {
        await file.writeFile(text);
      },
      sync: () => file.sync(),
      close: () => file.close(),
    };
  } catch (error) {
    throw new UsageError(`--to ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
