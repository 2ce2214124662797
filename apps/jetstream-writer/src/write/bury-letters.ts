import type { DeadLetter, DeadLetters } from '@event-analytics/nats-client';
import type { RetryTiming } from './backoff.js';
import { StoppedError } from './stopped.js';

export interface BuryOptions {
  deadLetters: Pick<DeadLetters, 'put'>;
  onBuried(letter: DeadLetter): void;
  /** Told of those that were not acknowledged and are put again, with the error of the first. */
  onRetry(letters: readonly DeadLetter[], error: unknown, attempt: number): void;
  timing: RetryTiming;
  stopping: AbortSignal;
}

// Put at once and not yet acknowledged: what they hold stands in the connection's buffer a second time.
const LETTERS_AT_ONCE_MAX = 256;
const BYTES_AT_ONCE_MAX = 4 * 1_024 * 1_024;

/**
 * Puts letters into the dead-letter stream, many at once and in any order, and returns when that has acknowledged each:
 * only then may their messages be acknowledged. Tries for ever those that failed, and only those; throws StoppedError
 * when stopped meanwhile.
 */
export async function buryLetters(letters: readonly DeadLetter[], o: BuryOptions): Promise<void> {
  for (const group of groupsOf(letters)) await buryGroup(group, o);
}

async function buryGroup(group: readonly DeadLetter[], o: BuryOptions): Promise<void> {
  let left = group;
  for (let attempt = 1; ; attempt += 1) {
    const failed: DeadLetter[] = [];
    const errors: unknown[] = [];
    await Promise.all(
      left.map(async (letter) => {
        try {
          await o.deadLetters.put(letter);
          o.onBuried(letter);
        } catch (error) {
          failed.push(letter);
          errors.push(error);
        }
      }),
    );
    if (failed.length === 0) return;
    o.onRetry(failed, errors[0], attempt);
    left = failed;
    if (!o.stopping.aborted) await o.timing.pause(o.timing.delayMs(attempt), o.stopping);
    if (o.stopping.aborted) throw new StoppedError();
  }
}

/** In order, each within the bounds; a letter that exceeds them alone is a group. */
function* groupsOf(letters: readonly DeadLetter[]): Generator<DeadLetter[]> {
  let group: DeadLetter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    const isFull = group.length === LETTERS_AT_ONCE_MAX || bytes + letter.payload.length > BYTES_AT_ONCE_MAX;
    if (isFull && group.length > 0) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(letter);
    bytes += letter.payload.length;
  }
  if (group.length > 0) yield group;
}
