import type { Database } from '../database.js';
import { RawDataDroppedError } from '../errors.js';
import type { FoldMemory } from '../indexer/fold.js';
import { liveIndexes } from '../indexer/indexes.js';
import { checkCountable } from '../indexer/recompute-keys.js';
import { foldSome } from '../indexer/reindex.js';
import { createStepSize } from '../indexer/step-size.js';
import { tidyIfDue } from '../indexer/tidy.js';
import type { BucketRange } from '../queries/events_extent.js';
import {
  extentOfImport,
  lockImportRow,
  markImportUndoing,
  markImportUndone,
} from '../queries/imports_undo.js';
import { retainedFromBucket } from '../queries/retained_from_read.js';
import { BUCKET_MS, QUARTERS_PER_DAY } from '../quarter-counts.js';
import { retryTransient } from '../retry-transient.js';
import { instant } from '../sql-text.js';
import { holdImport } from './hold-import.js';
import { ImportDataDroppedError } from './import-data-dropped-error.js';
import { ImportStateError } from './import-state-error.js';
import { checkNothingDropped, STEP_TIMEOUT_MS, undoStep } from './undo-step.js';

const STEP_MS = 250;
/** A step looks no further, and at most twice as far as the last one came. */
const DAYS_MAX = 31;
const EVENTS = { first: 20_000, min: 5_000, max: 500_000, targetMs: STEP_MS };
/** Somebody else has the fold's lock. */
const TURN_MS = 50;

export interface UndoOptions {
  onProgress: (share: number) => void;
  pause: (ms: number) => Promise<void>;
  /** Aborted: stops after the step in hand; the import stays half undone, and undoing it again goes on. */
  signal: AbortSignal;
}

export interface UndoCounts {
  /** Events that this call removed. */
  removed: number;
  /** Events that others had brought as well, which now are theirs. */
  kept: number;
}

export interface UndoResult extends UndoCounts {
  interrupted: boolean;
}

/**
 * Removes what an import alone brought, and counts the days anew that it was in; ingest, folding and other imports go
 * on, and statistics are right at every moment. Killed and called again it goes on where it was.
 * @param counts what was removed and kept is added to these, also where it throws
 * @throws ImportStateError there is none of that number, or it is undone
 * @throws ImportDataDroppedError raw events were dropped without which its days cannot be counted anew
 * @throws ImportBusyError another process is undoing it
 */
export async function undoImport(
  db: Database,
  memory: FoldMemory,
  id: number,
  o: UndoOptions,
  counts: UndoCounts = { removed: 0, kept: 0 },
): Promise<UndoResult> {
  const hold = await holdImport(db, id, 'undo');
  try {
    return await undoHeld(db, memory, id, o, counts);
  } finally {
    await hold.release();
  }
}

async function undoHeld(
  db: Database,
  memory: FoldMemory,
  id: number,
  o: UndoOptions,
  counts: UndoCounts,
): Promise<UndoResult> {
  const range = await beginUndo(db, id);
  const events = createStepSize(EVENTS);
  let daysMax = 1;
  for (let from = range.from; from < range.to;) {
    if (o.signal.aborted) return { ...counts, interrupted: true };
    const step = await orDropped(id, range.from, () =>
      undoStep(db, memory, { id, from, to: range.to, daysMax, events }),
    );
    await tidyIfDue(db, memory);
    if (step === undefined) await o.pause(TURN_MS);
    else if (step.postponed) await foldSome(db, memory);
    else {
      counts.removed += step.removed;
      counts.kept += step.kept;
      daysMax = Math.min(DAYS_MAX, 2 * Math.ceil((step.doneTo - from) / QUARTERS_PER_DAY));
      from = step.doneTo;
      o.onProgress((from - range.from) / (range.to - range.from));
    }
  }
  await retryTransient(() =>
    db.transaction((sql) => markImportUndone(sql, id), { answerTimeoutMs: STEP_TIMEOUT_MS }),
  );
  return { ...counts, interrupted: false };
}

/** No chunk of it is written from now on. @returns the buckets that its events can be in */
async function beginUndo(db: Database, id: number): Promise<BucketRange> {
  return await db.transaction(async (sql) => {
    const state = await lockImportRow(sql, id);
    if (state === undefined || state === 'undone') throw new ImportStateError(id, state, 'cannot undo');
    const extent = await extentOfImport(sql, id);
    const range = {
      from: Math.floor((extent?.earliestMs ?? 0) / BUCKET_MS),
      to: extent === undefined ? 0 : Math.floor(extent.latestMs / BUCKET_MS) + 1,
    };
    if (extent !== undefined) {
      const retainedFrom = await retainedFromBucket(sql);
      const indexes = await liveIndexes(sql);
      await orDropped(id, range.from, () => {
        checkNothingDropped(range.from, retainedFrom);
        for (const index of indexes) checkCountable(index, range.from, retainedFrom);
      });
    }
    await markImportUndoing(sql, id);
    return range;
  });
}

async function orDropped<T>(id: number, from: number, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof RawDataDroppedError)) throw error;
    throw new ImportDataDroppedError(id, instant(from * BUCKET_MS), error.retainedFrom);
  }
}
