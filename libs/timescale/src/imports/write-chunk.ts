import type { Database, Sql } from '../database.js';
import type { WritableEvent } from '../queries/events_insert.js';
import { listImportChunks } from '../queries/import_chunks_list.js';
import { countImportChunk, takeImportChunk, type ChunkRange } from '../queries/import_chunks_take.js';
import { claimEvents } from '../queries/import_claims_make.js';
import { readImportSummaries } from '../queries/imports_list.js';
import { isIsoInstant } from '../sql-text.js';
import { insertAndCount, keepDuplicates } from '../write-and-claim.js';
import { attemptWrite } from '../write-attempts.js';
import type { TooOldEvents, WriteResult } from '../write-events.js';
import { ChunkDiffersError } from './chunk-differs-error.js';
import { ImportStateError } from './import-state-error.js';

export interface ChunkResult extends WriteResult {
  /**
   * The chunk was written before, perhaps by a call whose answer was lost: nothing was written now, and the counts are
   * those of then.
   */
  doneBefore: boolean;
}

export interface WriteChunkOptions {
  /** Rows of the chunk that are no events. */
  rejected: number;
  /** Told of the events that are too old before the chunk is done; and again, where that is tried again. */
  onTooOld?: ((tooOld: TooOldEvents) => Promise<void>) | undefined;
}

/**
 * Writes a chunk of an import: its events, their activity, claims on those that another import brought, and the
 * chunk's row, in one transaction. So a chunk is there as a whole and once, whoever is killed when, whoever took
 * over meanwhile; whether a rejected call wrote it can be unknown, and calling again is always safe.
 *
 * Events that are too old are left out and count as rejected in the chunk's row.
 * @throws ImportStateError the import is not running (any more); ChunkDiffersError; else as writeEvents
 */
export function writeChunk(
  db: Database,
  id: number,
  range: ChunkRange,
  events: readonly WritableEvent[],
  { rejected, onTooOld }: WriteChunkOptions,
): Promise<ChunkResult> {
  const receivedAt = new Date().toISOString();
  const insert = (sql: Sql, unseen: boolean) =>
    insertAndCount(sql, events, { receivedAt, unseen, importId: id });

  return attemptWrite(db, events, ({ unseen }) =>
    db.transaction(async (sql) => {
      const { running, taken } = await takeImportChunk(sql, id, range);
      if (!running) {
        const [found] = await readImportSummaries(sql, id);
        throw new ImportStateError(id, found?.state, 'cannot write to');
      }
      if (!taken) return writtenBefore(sql, id, range);
      const result = await keepDuplicates(events, await insert(sql, unseen), {
        claim: () => claimEvents(sql, events, id),
        write: () => insert(sql, false),
      });
      const { inserted, duplicates, tooOld } = result;
      if (tooOld) await onTooOld?.(tooOld);
      await countImportChunk(
        sql,
        { id, start: range.start },
        {
          rows: events.length + rejected,
          inserted,
          duplicates,
          rejected: rejected + (tooOld?.indexes.length ?? 0),
          ...extentOf(events, tooOld?.retainedFrom),
        },
      );
      return { ...result, doneBefore: false };
    }),
  );
}

/** Where another ends, or something else stood there, the rest of this one would be lost. */
async function writtenBefore(sql: Sql, id: number, range: ChunkRange): Promise<ChunkResult> {
  const [before] = await listImportChunks(sql, id, range.start);
  if (before?.end !== range.end || before.digest !== range.digest) throw new ChunkDiffersError(id, range);
  return { inserted: before.inserted, duplicates: before.duplicates, doneBefore: true };
}

/** Of those that are not too old. */
function extentOf(
  events: readonly WritableEvent[],
  retainedFrom: string | undefined,
): { earliest: string | undefined; latest: string | undefined } {
  // As Date.toISOString writes them, texts compare as their instants do, for a tenth of the cost.
  const comparable = events.every(({ occurred_at }) => isIsoInstant(occurred_at));
  const isBefore = comparable
    ? (a: string, b: string) => a < b
    : (a: string, b: string) => Date.parse(a) < Date.parse(b);
  let earliest: string | undefined;
  let latest: string | undefined;
  for (const { occurred_at } of events) {
    if (retainedFrom !== undefined && isBefore(occurred_at, retainedFrom)) continue;
    if (earliest === undefined || isBefore(occurred_at, earliest)) earliest = occurred_at;
    if (latest === undefined || isBefore(latest, occurred_at)) latest = occurred_at;
  }
  return { earliest, latest };
}
