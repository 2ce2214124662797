import type { TooOldEvents, WritableEvent, WriteResult } from '@event-analytics/timescale';

import type { JudgedChunk } from '../read/chunk.js';
import type { RejectedRow } from './rejected-row.js';

/** What the database's refusal asks for: try again, look for the row it cannot hold, or give up. */
export type ClassifyError = (error: unknown) => {
  kind: 'retryable' | 'poison' | 'fault';
  sqlState?: string | undefined;
};

export interface StoreOptions {
  /**
   * Stores the events and the mark that the chunk is done, all or nothing. `rejected`: rows that are none. `onTooOld` is
   * told of events that were left out before the chunk is done, perhaps more than once.
   */
  write: (
    events: readonly WritableEvent[],
    o: { rejected: number; onTooOld: (tooOld: TooOldEvents) => Promise<void> },
  ) => Promise<WriteResult>;
  /** Does the same with these events alone, and takes it back: rejects with what the database has against them. */
  rehearse: (events: readonly WritableEvent[]) => Promise<void>;
  /** Keeps rejected rows. */
  reject: (rows: readonly RejectedRow[]) => Promise<void>;
  classify: ClassifyError;
  /** How long one statement that fails for a passing reason is tried again. */
  retryForMs: number;
  clock: () => number;
  /** Resolves early when waiting has no more use. */
  pause: (ms: number) => Promise<void>;
  stopped: () => boolean;
  onRetry: (error: unknown, waitMs: number) => void;
}

export interface StoredChunk {
  inserted: number;
  duplicates: number;
  rejected: number;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/**
 * Stores a chunk until it is in. Rows that the database cannot hold are found by halving and rejected; so are those that
 * are too old. Rejected rows are kept before the chunk is done, so that none is lost; those of a chunk that was not
 * done in the end are rejected again by the next run. Throws the database's error when it is ours, or does not pass
 * within `retryForMs`.
 */
export async function storeChunk(chunk: JudgedChunk, o: StoreOptions): Promise<StoredChunk> {
  await o.reject(chunk.rejected);
  const at = chunk.events.map((_, index) => index);
  let kept = at;
  let rejected = chunk.rejected.length;
  const tooOldAlready = new Set<number>();
  const onTooOld = async ({ indexes, retainedFrom }: TooOldEvents): Promise<void> => {
    const fresh = indexes.map((index) => kept[index] ?? 0).filter((index) => !tooOldAlready.has(index));
    await o.reject(tooOldRows(chunk, fresh, retainedFrom));
    for (const index of fresh) tooOldAlready.add(index);
  };
  const write = async () =>
    await retried(o, () =>
      o.write(kept === at ? chunk.events : eventsAt(chunk, kept), { rejected, onTooOld }),
    );
  let result;
  try {
    result = await write();
  } catch (error) {
    if (o.classify(error).kind !== 'poison') throw error;
    const refused = await refusedOf(chunk, at, o);
    await o.reject(refused.rows);
    rejected += refused.rows.length;
    kept = at.filter((index) => !refused.indexes.has(index));
    result = await write();
  }
  const { inserted, duplicates } = result;
  const rows = chunk.events.length + chunk.rejected.length;
  return { inserted, duplicates, rejected: rows - inserted - duplicates };
}

function eventsAt({ events }: JudgedChunk, indexes: readonly number[]): WritableEvent[] {
  return indexes.flatMap((index) => events[index] ?? []);
}

/** Those that PostgreSQL refuses each by itself. */
async function refusedOf(
  chunk: JudgedChunk,
  indexes: readonly number[],
  o: StoreOptions,
): Promise<{ indexes: Set<number>; rows: RejectedRow[] }> {
  try {
    await retried(o, () => o.rehearse(eventsAt(chunk, indexes)));
    return { indexes: new Set(), rows: [] };
  } catch (error) {
    const { kind, sqlState } = o.classify(error);
    if (kind !== 'poison') throw error;
    const [only] = indexes;
    if (only !== undefined && indexes.length === 1) {
      const message = `PostgreSQL cannot store this row (SQLSTATE ${sqlState ?? 'unknown'})`;
      const row = { ...chunk.rowOf(only), code: 'refused_by_database', message };
      return { indexes: new Set([only]), rows: [row] };
    }
    const middle = indexes.length >> 1;
    const first = await refusedOf(chunk, indexes.slice(0, middle), o);
    const second = await refusedOf(chunk, indexes.slice(middle), o);
    return {
      indexes: new Set([...first.indexes, ...second.indexes]),
      rows: [...first.rows, ...second.rows],
    };
  }
}

function tooOldRows(chunk: JudgedChunk, indexes: readonly number[], retainedFrom: string): RejectedRow[] {
  const message = `occurred_at is before ${retainedFrom}: events from before it were dropped, and none is stored again`;
  return indexes.map((index) => ({ ...chunk.rowOf(index), code: 'too_old', message }));
}

async function retried<T>(o: StoreOptions, work: () => Promise<T>): Promise<T> {
  const giveUpAt = o.clock() + o.retryForMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await work();
    } catch (error) {
      const isLast = o.clock() + waitMs > giveUpAt || o.stopped();
      if (o.classify(error).kind !== 'retryable' || isLast) throw error;
      o.onRetry(error, waitMs);
      await o.pause(waitMs);
    }
  }
}
