import type { DatabaseErrorClass, WritableEvent, WriteResult } from '@event-analytics/timescale';
import type { RetryTiming } from './backoff.js';
import type { Entry } from './decode-message.js';
import { StoppedError } from './stopped.js';

export interface StoreOptions {
  write(events: readonly WritableEvent[]): Promise<WriteResult>;
  classify(error: unknown): DatabaseErrorClass;
  /** Told of every failed attempt that is made again. */
  onRetry(failure: DatabaseErrorClass, error: unknown, attempt: number): void;
  timing: RetryTiming;
  /** Aborted: nothing is tried again. */
  stopping: AbortSignal;
}

/** An event that failed alone, or is too old. */
export interface Unstorable {
  entry: Entry;
  reason: string;
  error: string;
}

export interface Stored extends Omit<WriteResult, 'tooOld'> {
  /** Not stored and never will be: to be put away before their messages are acknowledged. */
  unstorable: Unstorable[];
}

// A write that is too slow twice is not tried a third time at that size.
const SLOW_ATTEMPTS_MAX = 2;

/**
 * Stores all entries, however long that takes: passing trouble and faults of ours are tried again for ever, poison is
 * bisected until it stands alone, which takes at most 2 · log₂ n + 1 writes for each and 2n − 1 for all of n; so is
 * found, in the write itself, what lies before the watermark of dropped events. Throws StoppedError if it has to give
 * up on stopping; what is stored by then stays stored.
 */
export async function storeEntries(entries: readonly Entry[], o: StoreOptions): Promise<Stored> {
  if (entries.length === 0) return { inserted: 0, duplicates: 0, unstorable: [] };
  let slowAttempts = 0;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const { inserted, duplicates, tooOld } = await o.write(entries.map((entry) => entry.event));
      return { inserted, duplicates, unstorable: tooOld ? findTooOld(entries, tooOld) : [] };
    } catch (error) {
      const failure = o.classify(error);
      const [only] = entries;
      if (failure.kind === 'poison') {
        if (entries.length > 1 || !only) return await storeHalves(entries, o);
        const reason = failure.name ?? failure.sqlState ?? 'poison';
        const words = error instanceof Error ? error.message : String(error);
        return { inserted: 0, duplicates: 0, unstorable: [{ entry: only, reason, error: words }] };
      }
      o.onRetry(failure, error, attempt);
      if (isTooSlow(failure)) slowAttempts += 1;
      if (slowAttempts >= SLOW_ATTEMPTS_MAX && entries.length > 1) return await storeHalves(entries, o);
      if (!o.stopping.aborted) await o.timing.pause(o.timing.delayMs(attempt), o.stopping);
      if (o.stopping.aborted) throw new StoppedError();
    }
  }
}

function findTooOld(
  entries: readonly Entry[],
  { indexes, retainedFrom }: NonNullable<WriteResult['tooOld']>,
): Unstorable[] {
  const error = `occurred_at is before ${retainedFrom}: events from before it were dropped`;
  return indexes.flatMap((index) => {
    const entry = entries[index];
    return entry ? [{ entry, reason: 'too_old', error }] : [];
  });
}

/** In order: of equal events the first wins. */
async function storeHalves(entries: readonly Entry[], o: StoreOptions): Promise<Stored> {
  const middle = Math.ceil(entries.length / 2);
  const left = await storeEntries(entries.slice(0, middle), o);
  // Much poison takes long, and must not hold up the end of the service: its messages come again.
  if (o.stopping.aborted) throw new StoppedError();
  const right = await storeEntries(entries.slice(middle), o);
  return {
    inserted: left.inserted + right.inserted,
    duplicates: left.duplicates + right.duplicates,
    unstorable: [...left.unstorable, ...right.unstorable],
  };
}

function isTooSlow(failure: DatabaseErrorClass): boolean {
  return failure.name === 'query_canceled' || failure.name === 'answer_timeout';
}
