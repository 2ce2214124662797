import { StreamUnavailableError, type StoredDeadLetter } from '@event-analytics/nats-client';
import { describeNatsError } from './describe-nats-error.js';
import type { Chosen } from './choose-letters.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { Messages } from './messages.js';
import { neverMade, noSuchLetter } from './missing-letters.js';
import { PayloadError } from './replay-messages.js';
import type { Shelf } from './shelf.js';

export interface Tally {
  /** Letters that were dealt with. */
  done: number;
  /** Letters that stay where they are for a reason of their own. */
  failed: number;
  /** Sequences at which there is no letter. */
  missing: number;
  /** Not tried: NATS went away, the stream is full, or a signal came. */
  untried: number;
}

/** What is wrong with one letter alone; anything else that fails would fail the next as well. */
const OF_THE_LETTER: ReadonlySet<string> = new Set(['too_large', 'rejected']);

/**
 * Does `work` for each letter that was chosen, a page at once, and tells of each. Goes on after a letter that cannot
 * be done, stops after a page in which NATS failed.
 */
export async function workThrough(
  { letters, missing }: Chosen,
  o: {
    shelf: Pick<Shelf, 'names' | 'read'>;
    wasMade: boolean;
    event: string;
    /** Resolves with what was done, in words. */
    work: (letter: StoredDeadLetter) => Promise<string>;
    messages: Messages;
    signal: AbortSignal;
  },
): Promise<{ tally: Tally; exitCode: ExitCode }> {
  const { messages, shelf, signal } = o;
  const tally: Tally = { done: 0, failed: 0, missing: missing.length, untried: 0 };
  for (const sequence of missing) {
    messages.error('no_such_letter', o.wasMade ? noSuchLetter(sequence) : neverMade(shelf), { sequence });
  }
  let seen = 0;
  let trouble: unknown;
  try {
    for await (const page of shelf.read(letters)) {
      if (signal.aborted) break;
      const results = await Promise.allSettled(page.map(o.work));
      results.forEach((result, at) => {
        const sequence = page[at]?.sequence ?? 0;
        if (result.status === 'fulfilled') {
          tally.done += 1;
          messages.info(o.event, `${String(sequence)}: ${result.value}`, { sequence });
          return;
        }
        tally.failed += 1;
        if (!isOfTheLetter(result.reason)) trouble ??= result.reason;
        messages.error('letter_failed', `${String(sequence)}: ${describeNatsError(result.reason)}`, {
          sequence,
        });
      });
      seen += page.length;
      if (trouble !== undefined) break;
    }
  } catch (error) {
    trouble = error;
    messages.error('letters_unreadable', describeNatsError(error));
  }
  if (trouble === undefined && !signal.aborted) return { tally, exitCode: exitCodeOf(tally) };
  tally.untried = letters.length - seen;
  return { tally, exitCode: trouble === undefined ? interruptedBy(signal) : EXIT.failed };
}

function exitCodeOf({ failed, missing }: Tally): ExitCode {
  return failed + missing > 0 ? EXIT.someLeft : EXIT.ok;
}

function interruptedBy(signal: AbortSignal): ExitCode {
  return signal.reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted;
}

function isOfTheLetter(error: unknown): boolean {
  return (
    error instanceof PayloadError ||
    (error instanceof StreamUnavailableError && OF_THE_LETTER.has(error.code))
  );
}
