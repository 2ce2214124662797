import type { AcceptedEvent } from '@event-analytics/event-schema';

import type { EventRow, RejectedRow } from './batch.js';

export interface Written {
  inserted: number;
  duplicates: number;
}

/** The rows at these positions lie before the instant from which on events are kept, and were left out. */
export interface TooOld {
  indexes: number[];
  retainedFrom: string;
}

export type WriteEvents = (events: AcceptedEvent[]) => Promise<Written & { tooOld?: TooOld }>;

/** What the database's refusal asks for: try again, look for the row it cannot hold, or give up. */
export type ClassifyError = (error: unknown) => {
  kind: 'retryable' | 'poison' | 'fault';
  sqlState?: string | undefined;
};

export interface WriteRowsOptions {
  write: WriteEvents;
  classify: ClassifyError;
  /** How long one statement that fails for a passing reason is tried again. */
  retryForMs: number;
  clock: () => number;
  /** Resolves early when waiting has no more use. */
  pause: (ms: number) => Promise<void>;
  stopped: () => boolean;
  onRetry: (error: unknown, waitMs: number) => void;
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/**
 * Writes rows until they are in. Rows that the database cannot hold are found by halving and handed back, and so
 * are those that are too old; the others go in. Throws the database's error when it is ours, or does not pass within `retryForMs`.
 */
export async function writeRows(
  rows: EventRow[],
  options: WriteRowsOptions,
): Promise<Written & { rejected: RejectedRow[] }> {
  if (rows.length === 0) return { inserted: 0, duplicates: 0, rejected: [] };
  try {
    const { inserted, duplicates, tooOld } = await writeWithRetries(rows, options);
    return { inserted, duplicates, rejected: tooOld ? tooOldRows(rows, tooOld) : [] };
  } catch (error) {
    const { kind, sqlState } = options.classify(error);
    if (kind !== 'poison') throw error;
    const [only] = rows;
    if (only && rows.length === 1) {
      const message = `PostgreSQL cannot store this row (SQLSTATE ${sqlState ?? 'unknown'})`;
      const rejected = [{ line: only.line, bytes: only.bytes, code: 'refused_by_database', message }];
      return { inserted: 0, duplicates: 0, rejected };
    }
    const middle = rows.length >> 1;
    const first = await writeRows(rows.slice(0, middle), options);
    const second = await writeRows(rows.slice(middle), options);
    return {
      inserted: first.inserted + second.inserted,
      duplicates: first.duplicates + second.duplicates,
      rejected: [...first.rejected, ...second.rejected],
    };
  }
}

function tooOldRows(rows: EventRow[], { indexes, retainedFrom }: TooOld): RejectedRow[] {
  const message = `occurred_at is before ${retainedFrom}: events from before it were dropped, and none is stored again`;
  return indexes.flatMap((index) => {
    const row = rows[index];
    return row ? [{ line: row.line, bytes: row.bytes, code: 'too_old', message }] : [];
  });
}

async function writeWithRetries(rows: EventRow[], options: WriteRowsOptions): ReturnType<WriteEvents> {
  const events = rows.map((row) => row.event);
  const giveUpAt = options.clock() + options.retryForMs;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)) {
    try {
      return await options.write(events);
    } catch (error) {
      const isLast = options.clock() + waitMs > giveUpAt || options.stopped();
      if (options.classify(error).kind !== 'retryable' || isLast) throw error;
      options.onRetry(error, waitMs);
      await options.pause(waitMs);
    }
  }
}
