import type { Readable } from 'node:stream';
import type { EventLimits } from '@event-analytics/event-schema';
import {
  classifyDatabaseError,
  doneChunks,
  finishImport,
  holdImport,
  ImportStateError,
  writeChunk,
  writeEvents,
  type ChunkRange,
  type Database,
  type ImportCountsOf,
  type WritableEvent,
} from '@event-analytics/timescale';

import type { JudgedChunk } from '../read/chunk.js';
import { readChunks } from '../read/read-chunks.js';
import type { RejectedRow } from './rejected-row.js';
import { importChunks, type ImportCounts } from './import-chunks.js';
import type { ImportSettings } from './import-settings.js';
import { areTooMany, type MaxRejects } from './max-rejects.js';
import type { RejectFile, RejectFileOptions } from './reject-file.js';
import { storeChunk, type StoreOptions, type StoredChunk } from './store-chunk.js';

export interface ImportProgress extends Omit<ImportCounts, 'storedBefore'> {
  bytesRead: number;
  /** Undefined for a stream. */
  sizeBytes: number | undefined;
}

export interface ImportInputOptions {
  /** '-' is standard input. */
  file: string;
  settings: ImportSettings;
  /** Where its events go, as this import. Undefined: they are only judged. */
  target: { db: Database; id: number } | undefined;
  limits: EventLimits;
  chunkBytes: number;
  atOnce: number;
  maxRejects: MaxRejects | undefined;
  stdin: Readable;
  /** Opens what keeps rejected rows; undefined: nothing does. */
  openRejects: (input: RejectFileOptions) => RejectFile | undefined;
  onRejected: (rows: readonly RejectedRow[]) => void;
  onRetry: (error: unknown, waitMs: number) => void;
  onProgress: (progress: ImportProgress) => void;
  /** It came to an end that is none, and is still ours. */
  onFailed?: (() => Promise<void>) | undefined;
  clock: () => number;
  pause: (ms: number) => Promise<void>;
  /** Stops reading; chunks in hand are still stored. */
  signal: AbortSignal;
}

/** More rows were rejected than may be. */
export class TooManyRejectsError extends Error {
  override readonly name = 'TooManyRejectsError';
}

/** The longest row: the widest properties allowed are less, every number in them written out as PostgreSQL does. */
const ROW_BYTES_MAX = 2 * 1024 * 1024;
const RETRY_FOR_MS = 60_000;

/**
 * Imports what is not done yet of one input, and adds to the counts what was decided, also where it throws.
 * @throws ImportBusyError another process is at this import
 */
export async function importInput(o: ImportInputOptions, counts: ImportCounts): Promise<void> {
  const hold = o.target && (await holdImport(o.target.db, o.target.id, 'import'));
  try {
    await importHeld(o, counts, () => hold?.check());
  } catch (error) {
    // While nobody else can have it.
    await o.onFailed?.();
    throw error;
  } finally {
    await hold?.release();
  }
}

async function importHeld(o: ImportInputOptions, counts: ImportCounts, checkHold: () => void): Promise<void> {
  const { target, signal, clock } = o;
  const done = target ? await doneChunks(target.db, target.id) : [];
  for (const { rows, rejected } of done) {
    counts.rows += rows;
    counts.storedBefore += rows - rejected;
    counts.rejected += rejected;
  }
  const reading = await readChunks(o.file, o.settings.read, {
    stdin: o.stdin,
    limits: { ...o.limits, ...o.settings.limits },
    clock,
    signal,
    chunkBytes: o.chunkBytes,
    maxRowBytes: ROW_BYTES_MAX,
    done: new Map(done.map(({ start, ...chunk }) => [start, chunk])),
  });
  let rejects: RejectFile | undefined;
  const { sizeBytes, bytesRead, chunks, close } = reading;
  const tell = (): void => o.onProgress({ ...counts, bytesRead: bytesRead(), sizeBytes });
  try {
    rejects = o.openRejects({
      header: reading.header,
      keeps: done.length > 0 ? linesOf(done) : undefined,
    });
    tell();
    await importChunks({
      chunks,
      close,
      store: (chunk, rows) => (target ? storeChunk(rows, storing(target, chunk)) : judged(rows)),
      atOnce: o.atOnce,
      counts,
      onChunk: () => {
        tell();
        refuseTooMany(false);
      },
      signal,
    });
    if (signal.aborted) return;
    refuseTooMany(true);
    if (target) await finishImport(target.db, target.id);
  } catch (error) {
    if (!target || !(error instanceof ImportStateError) || error.state !== 'finished') throw error;
    // The hold was lost, and who took over is done with all of it.
    countFinished(await doneChunks(target.db, target.id));
  } finally {
    close();
    await rejects?.close();
  }

  function storing({ db, id }: { db: Database; id: number }, chunk: ChunkRange): StoreOptions {
    return {
      write: (events, how) => {
        checkHold();
        return writeChunk(db, id, chunk, events, how);
      },
      rehearse: (events) => rehearse(db, events),
      reject,
      classify: classifyDatabaseError,
      retryForMs: RETRY_FOR_MS,
      clock,
      pause: o.pause,
      stopped: () => signal.aborted,
      onRetry: o.onRetry,
    };
  }

  async function judged({ rejected }: JudgedChunk): Promise<StoredChunk> {
    await reject(rejected);
    return { inserted: 0, duplicates: 0, rejected: rejected.length };
  }

  function countFinished(chunks: readonly ImportCountsOf[]): void {
    counts.rows = chunks.reduce((sum, { rows }) => sum + rows, 0);
    counts.rejected = chunks.reduce((sum, { rejected }) => sum + rejected, 0);
    counts.storedBefore = counts.rows - counts.rejected - counts.inserted - counts.duplicates;
  }

  async function reject(rows: readonly RejectedRow[]): Promise<void> {
    o.onRejected(rows);
    await rejects?.add(rows);
  }

  function refuseTooMany(ended: boolean): void {
    if (o.maxRejects === undefined || !areTooMany(o.maxRejects, counts, ended)) return;
    const { rows, rejected } = counts;
    throw new TooManyRejectsError(
      `${rejected} of ${rows} rows were rejected, more than --max-rejects allows; what was stored stays`,
    );
  }
}

/** Whether a line is of one of these chunks, which are in the order of the input. */
function linesOf(chunks: readonly ChunkRange[]): (line: number) => boolean {
  return (line) => {
    let low = 0;
    for (let high = chunks.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((chunks[middle]?.firstLine ?? 0) <= line) low = middle + 1;
      else high = middle;
    }
    const last = chunks[low - 1];
    return last !== undefined && line < last.firstLine + last.lines;
  };
}

/** Taken back, whatever it did. */
class Rehearsed extends Error {}

async function rehearse(db: Database, events: readonly WritableEvent[]): Promise<void> {
  try {
    await writeEvents(db, events, {
      within: () => {
        throw new Rehearsed();
      },
    });
  } catch (error) {
    if (!(error instanceof Rehearsed)) throw error;
  }
}
