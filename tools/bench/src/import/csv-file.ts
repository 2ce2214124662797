import { open } from 'node:fs/promises';
import { badRows, HEADER, historyBlocks, type HistoryShape } from './csv-rows.js';

const WRITE_CHARACTERS = 1_024 ** 2;

export interface HistoryFile {
  path: string;
  bytes: number;
  rows: number;
  /** Rows that are no events. */
  bad: number;
  shape: HistoryShape;
}

/** Writes the rows, and where `goodPath` is given those that are events once more: \copy stops at a bad row. */
export async function writeHistory(
  shape: HistoryShape,
  { path, goodPath }: { path: string; goodPath?: string | undefined },
): Promise<HistoryFile> {
  const all = await textFile(path);
  const good = goodPath === undefined ? undefined : await textFile(goodPath);
  try {
    await all.add(HEADER);
    await good?.add(HEADER);
    for (const block of historyBlocks(shape)) {
      await all.add(block.all);
      await good?.add(block.good);
    }
  } finally {
    await all.end();
    await good?.end();
  }
  return { path, bytes: all.bytes(), rows: shape.rows, bad: badRows(shape.rows), shape };
}

async function textFile(path: string) {
  const file = await open(path, 'w');
  let text = '';
  let bytes = 0;
  const flush = async (): Promise<void> => {
    const chunk = Buffer.from(text);
    text = '';
    bytes += chunk.length;
    await file.writeFile(chunk);
  };
  return {
    bytes: () => bytes,
    async add(more: string): Promise<void> {
      text += more;
      if (text.length >= WRITE_CHARACTERS) await flush();
    },
    async end(): Promise<void> {
      await flush();
      await file.close();
    },
  };
}
