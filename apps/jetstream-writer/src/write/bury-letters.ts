import type { DeadLetter, DeadLetters } from '@event-analytics/nats-client';
import type { RetryTiming } from './backoff.js';
import { StoppedError } from './stopped.js';

export interface BuryOptions {
  deadLetters: Pick<DeadLetters, 'put'>;
  onBuried(letter: DeadLetter): void;
  onRetry(letter: DeadLetter, error: unknown, attempt: number): void;
  timing: RetryTiming;
  stopping: AbortSignal;
}

/**
 * Puts letters into the dead-letter stream and returns when that has acknowledged each: only then may their messages be
 * acknowledged. Tries for ever; throws StoppedError when stopped meanwhile.
 */
export async function buryLetters(letters: readonly DeadLetter[], o: BuryOptions): Promise<void> {
  for (const letter of letters) {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await o.deadLetters.put(letter);
        o.onBuried(letter);
        break;
      } catch (error) {
        o.onRetry(letter, error, attempt);
        if (!o.stopping.aborted) await o.timing.pause(o.timing.delayMs(attempt), o.stopping);
        if (o.stopping.aborted) throw new StoppedError();
      }
    }
  }
}
