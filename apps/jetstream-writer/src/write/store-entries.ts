import type { DatabaseErrorClass, WritableEvent, WriteResult } from '@event-analytics/timescale';
import type { RetryTiming } from './backoff.js';
import type { Entry } from './decode-message.js';
import { StoppedError } from './stopped.js';

export interface StoreOptions {
  write(events: readonly WritableEvent[]): Promise<WriteResult>;
  classify(error: unknown): DatabaseErrorClass;
  /** Called for an event that failed alone, or is too old; resolves when it is safe elsewhere. */
  bury(entry: Entry, reason: string, error: unknown): Promise<void>;
  /** Told of every failed attempt that is made again. */
  onRetry(failure: DatabaseErrorClass, error: unknown, attempt: number): void;
  timing: RetryTiming;
  /** Aborted: nothing is tried again. */
  stopping: AbortSignal;
}

// A write that is too slow twice is not tried a third time at that size.
const SLOW_ATTEMPTS_MAX = 2;

export type Stored = Omit<WriteResult, 'tooOld'>;

/**
 * Stores all entries, however long that takes: passing trouble and faults of ours are tried again for ever, poison is
 * bisected until it stands alone and is then buried; so is what lies before the watermark of dropped events. Throws StoppedError if it has to give up on stopping; what is
 * stored by then stays stored.
 */
export async function storeEntries(entries: readonly Entry[], o: StoreOptions): Promise<Stored> {
  if (entries.length === 0) return { inserted: 0, duplicates: 0 };
  let slowAttempts = 0;
  for (let attempt = 1; ; attempt += 1) {
    let written: WriteResult;
    try {
      written = await o.write(entries.map((entry) => entry.event));
    } catch (error) {
      const failure = o.classify(error);
      const [only] = entries;
      if (failure.kind === 'poison') {
        if (entries.length > 1 || !only) return await storeHalves(entries, o);
        await o.bury(only, failure.name ?? failure.sqlState ?? 'poison', error);
        return { inserted: 0, duplicates: 0 };
      }
      o.onRetry(failure, error, attempt);
      if (isTooSlow(failure)) slowAttempts += 1;
      if (slowAttempts >= SLOW_ATTEMPTS_MAX && entries.length > 1) return await storeHalves(entries, o);
      if (!o.stopping.aborted) await o.timing.pause(o.timing.delayMs(attempt), o.stopping);
      if (o.stopping.aborted) throw new StoppedError();
      continue;
    }
    await buryTooOld(entries, written, o);
    return { inserted: written.inserted, duplicates: written.duplicates };
  }
}

async function buryTooOld(
  entries: readonly Entry[],
  { tooOld }: WriteResult,
  o: Pick<StoreOptions, 'bury'>,
): Promise<void> {
  for (const index of tooOld?.indexes ?? []) {
    const entry = entries[index];
    const error = `occurred_at is before ${tooOld?.retainedFrom}: events from before it were dropped`;
    if (entry) await o.bury(entry, 'too_old', error);
  }
}

/** In order: of equal events the first wins. */
async function storeHalves(entries: readonly Entry[], o: StoreOptions): Promise<Stored> {
  const middle = Math.ceil(entries.length / 2);
  const left = await storeEntries(entries.slice(0, middle), o);
  const right = await storeEntries(entries.slice(middle), o);
  return { inserted: left.inserted + right.inserted, duplicates: left.duplicates + right.duplicates };
}

function isTooSlow(failure: DatabaseErrorClass): boolean {
  return failure.name === 'query_canceled' || failure.name === 'answer_timeout';
}
