import type { Database, Sql } from '../database.js';
import { RawDataDroppedError } from '../errors.js';
import { withFold, type FoldMemory } from '../indexer/fold.js';
import { foldVisibleLog } from '../indexer/fold-visible-log.js';
import { recomputeActivity } from '../indexer/recompute.js';
import type { StepSize } from '../indexer/step-size.js';
import { countImportedDays } from '../queries/imported_days_count.js';
import {
  handOverImportedEvents,
  hasClaims,
  type ImportedStretch,
} from '../queries/imported_events_hand_over.js';
import { removeImportedEvents } from '../queries/imported_events_remove.js';
import { dropOwnClaims } from '../queries/imports_undo.js';
import { retainedFromBucket } from '../queries/retained_from_read.js';
import { BUCKET_MS, QUARTERS_PER_DAY } from '../quarter-counts.js';
import { retryTransient } from '../retry-transient.js';
import { instant } from '../sql-text.js';
import { nextDays } from './undo-days.js';

const DAY_MS = QUARTERS_PER_DAY * BUCKET_MS;
/** A day is one step, however large; without this it could not be undone. */
export const STEP_TIMEOUT_MS = 15 * 60_000;

export interface UndoStep {
  /** Nothing was done: the log is to be folded first. */
  postponed: boolean;
  removed: number;
  kept: number;
  /** Nothing of the import is left in buckets before this one. */
  doneTo: number;
}

/**
 * Removes the events of an import of the next days, and counts those days anew: one transaction, which sees events, log
 * and claims of one moment. Whole UTC days: a shorter step would count as many days anew.
 * @param o.from a bucket before which nothing is left
 * @param o.to where its events end
 * @param o.daysMax how far to look
 * @param o.events how many the days of a step may hold, of everybody: all of them are counted anew
 * @returns undefined when somebody else has the fold's lock
 * @throws RawDataDroppedError
 */
export async function undoStep(
  db: Database,
  memory: FoldMemory,
  o: { id: number; from: number; to: number; daysMax: number; events: StepSize },
): Promise<UndoStep | undefined> {
  const firstDay = Math.floor(o.from / QUARTERS_PER_DAY);
  const to = Math.min((firstDay + o.daysMax) * QUARTERS_PER_DAY, o.to);
  // 40001: another fold committed between this transaction's snapshot and its lock.
  return await retryTransient(() =>
    withFold(
      db,
      memory,
      {
        repeatableRead: true,
        before: lockTables,
        answerTimeoutMs: STEP_TIMEOUT_MS,
        statementTimeoutMs: STEP_TIMEOUT_MS,
      },
      async (sql, state): Promise<{ changed: boolean; result: UndoStep }> => {
        const step = { postponed: false, removed: 0, kept: 0, doneTo: to };
        const log = await foldVisibleLog(sql, memory, state);
        if (log.postponed) return { changed: false, result: { ...step, postponed: true, doneTo: o.from } };
        // Retention goes on meanwhile.
        checkNothingDropped(o.from, await retainedFromBucket(sql));
        const stretch = { importId: o.id, fromMs: o.from * BUCKET_MS, toMs: to * BUCKET_MS };
        const days = await countImportedDays(sql, stretch);
        if (!days.some(({ imported }) => imported > 0)) {
          await dropOwnClaims(sql, stretch);
          return { changed: log.entries > 0, result: step };
        }
        const takeDays = async (eventsMax: number) => {
          const { first, doneTo, events } = nextDays(days, { eventsMax, to });
          const taken = { ...stretch, toMs: doneTo * BUCKET_MS };
          await dropOwnClaims(sql, taken);
          const narrow = { ...taken, fromMs: Math.max(taken.fromMs, first * DAY_MS) };
          const { kept, touched } = await takeAway(sql, narrow);
          await recomputeActivity(sql, memory, state, touched);
          const removed = touched.reduce((sum, { events }) => sum + events, 0);
          // Also for what was only given away: who undoes that import next must not have an older snapshot than this.
          return { changed: true, result: { ...step, removed, kept, doneTo }, events };
        };
        return await o.events.measured(takeDays, ({ events }) => events);
      },
    ),
  );
}

/**
 * Before the snapshot. Claims: whoever makes one has made it before, so that it is seen, or finds after the commit that
 * the event is gone, and writes it again. Events: an older snapshot misses what TimescaleDB compresses meanwhile, as in
 * build.ts. As a write locks them, and in its order.
 */
async function lockTables(sql: Sql): Promise<void> {
  await sql`LOCK TABLE events IN ROW EXCLUSIVE MODE`;
  await sql`LOCK TABLE import_claims IN SHARE ROW EXCLUSIVE MODE`;
}

async function takeAway(sql: Sql, stretch: ImportedStretch) {
  await allowDecompression(sql);
  const kept = (await hasClaims(sql, stretch)) ? await handOverImportedEvents(sql, stretch) : 0;
  return { kept, touched: await removeImportedEvents(sql, stretch) };
}

/** TimescaleDB refuses by default to decompress more than 100,000 rows for one statement. */
async function allowDecompression(sql: Sql): Promise<void> {
  await sql`
    SELECT set_config(name, '0', true) FROM pg_settings
    WHERE name = 'timescaledb.max_tuples_decompressed_per_dml_transaction'`;
}

/** @throws RawDataDroppedError events from this bucket on were dropped */
export function checkNothingDropped(from: number, retainedFrom: number | undefined): void {
  if (retainedFrom !== undefined && from < retainedFrom)
    throw new RawDataDroppedError(instant(retainedFrom * BUCKET_MS));
}
