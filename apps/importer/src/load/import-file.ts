import type { Readable } from 'node:stream';

import { openInput } from '../csv/open-input.js';
import type { Batch, EventRow, RejectedRow } from './batch.js';
import { readBatches, type ReadOptions } from './read-batches.js';
import type { RejectFile } from './reject-file.js';
import type { Written } from './write-rows.js';

export interface ImportCounts {
  /** Rows read and decided: inserted + duplicates + rejected (with --dry-run: valid + rejected). */
  rows: number;
  inserted: number;
  duplicates: number;
  rejected: number;
}

export interface ImportProgress extends ImportCounts {
  bytesRead: number;
  /** Undefined for a stream. */
  sizeBytes: number | undefined;
}

export interface ImportFileOptions extends Omit<ReadOptions, 'stopped'> {
  stdin: Readable;
  /** Undefined: only validate. */
  write: ((rows: EventRow[]) => Promise<Written & { rejected: RejectedRow[] }>) | undefined;
  batchesInFlight: number;
  rejects: RejectFile | undefined;
  onRejected: (rows: readonly RejectedRow[]) => void;
  onProgress: (progress: ImportProgress) => void;
  /** Stops reading; batches in hand are still written. */
  signal: AbortSignal;
}

export type ImportEnd = { counts: ImportCounts; error?: unknown };

/**
 * Imports one file. Never throws for what happens on the way: what is in is counted, and `error` says why the
 * rest is not.
 */
export async function importFile(path: string, options: ImportFileOptions): Promise<ImportEnd> {
  const counts: ImportCounts = { rows: 0, inserted: 0, duplicates: 0, rejected: 0 };
  const inFlight = new Set<Promise<void>>();
  let failure: { error: unknown } | undefined;

  try {
    const input = await openInput(path, options.stdin);
    const report = (): void =>
      options.onProgress({ ...counts, bytesRead: input.bytesRead(), sizeBytes: input.sizeBytes });
    const stopped = (): boolean => options.signal.aborted || failure !== undefined;
    options.signal.addEventListener('abort', input.close, { once: true });
    try {
      report();
      for await (const batch of readBatches(input.bytes, { ...options, stopped })) {
        const done = settle(batch)
          .catch((error: unknown) => {
            failure ??= { error };
            // Reading may be waiting for a slow pipe, for rows that could not be written.
            input.close();
          })
          .finally(() => inFlight.delete(done))
          .then(report);
        inFlight.add(done);
        if (inFlight.size >= options.batchesInFlight) await Promise.race(inFlight);
        if (stopped()) break;
      }
    } catch (error) {
      if (!stopped()) failure = { error };
    } finally {
      options.signal.removeEventListener('abort', input.close);
      input.close();
    }
  } catch (error) {
    failure = { error };
  }
  await Promise.all(inFlight);
  return failure ? { counts, error: failure.error } : { counts };

  async function settle({ events, rejected }: Batch): Promise<void> {
    const written = options.write && (await options.write(events));
    const refused = [...rejected, ...(written?.rejected ?? [])];
    // Counted before the reject file is written: if that fails, these rows are in the database all the same.
    counts.rows += events.length + rejected.length;
    counts.inserted += written?.inserted ?? 0;
    counts.duplicates += written?.duplicates ?? 0;
    counts.rejected += refused.length;
    options.onRejected(refused);
    await options.rejects?.add(refused);
  }
}
