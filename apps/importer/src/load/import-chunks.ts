import type { Chunk, JudgedChunk } from '../read/chunk.js';
import type { StoredChunk } from './store-chunk.js';

/** rows = storedBefore + inserted + duplicates + rejected; where rows are only judged, rows − rejected are valid. */
export interface ImportCounts {
  /** Rows decided. */
  rows: number;
  /** Events that earlier runs of this import stored, or found stored. */
  storedBefore: number;
  /** By this run. */
  inserted: number;
  duplicates: number;
  /** By this run and earlier ones. */
  rejected: number;
}

export interface ImportChunksOptions {
  chunks: AsyncIterable<Chunk>;
  /** Ends the reading, also while it waits for a slow pipe. */
  close: () => void;
  store: (chunk: Chunk, rows: JudgedChunk) => Promise<StoredChunk>;
  /** Chunks that are stored at once. */
  atOnce: number;
  /** What was decided is added to these. */
  counts: ImportCounts;
  /** Told of each chunk that is done. Throws to stop. */
  onChunk: () => void;
  /** Stops reading; chunks in hand are still stored. */
  signal: AbortSignal;
}

/**
 * Judges chunks in their order and stores a few of them at once. Waits for what is in hand, however it ends.
 * @throws what reading, storing or `onChunk` threw first
 */
export async function importChunks(o: ImportChunksOptions): Promise<void> {
  const inHand = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;
  const stopped = (): boolean => o.signal.aborted || failure !== undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    o.close();
  };
  try {
    for await (const chunk of o.chunks) {
      if (stopped()) break;
      const rows = await chunk.judge();
      const done: Promise<void> = settle(chunk, rows)
        .catch(fail)
        .finally(() => inHand.delete(done));
      inHand.add(done);
      while (inHand.size >= o.atOnce) await Promise.race(inHand);
    }
  } catch (error) {
    // Where it was closed, that is no failure.
    if (!stopped()) fail(error);
  }
  await Promise.all(inHand);
  if (failure) throw failure.error;

  async function settle(chunk: Chunk, rows: JudgedChunk): Promise<void> {
    const { inserted, duplicates, rejected } = await o.store(chunk, rows);
    o.counts.rows += rows.events.length + rows.rejected.length;
    o.counts.inserted += inserted;
    o.counts.duplicates += duplicates;
    o.counts.rejected += rejected;
    o.onChunk();
  }
}
