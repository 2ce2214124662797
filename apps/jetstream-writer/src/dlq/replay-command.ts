import type { StoredDeadLetter } from '@event-analytics/nats-client';
import { chooseLetters, type Selection } from './choose-letters.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import type { Messages } from './messages.js';
import { neverMade } from './missing-letters.js';
import { messagesOfLetter, messagesOfPayload, PayloadError } from './replay-messages.js';
import type { Shelf } from './shelf.js';
import { workThrough } from './work-through.js';

export interface ReplayRequest {
  selection: Selection;
  /** Replaces the payload of the one letter; a path, '-' is standard input. */
  payloadFile: string | undefined;
  dryRun: boolean;
}

export interface ReplaySummary {
  replayed: number;
  failed: number;
  missing: number;
  untried: number;
  dry_run: boolean;
}

/**
 * Puts letters back into the event stream and removes each once the stream has acknowledged it: killed in between, the
 * event is in the stream twice at most and PostgreSQL keeps one. What cannot be stored now either comes back as a new
 * letter, behind those that were there when this began, which are all that it replays.
 */
export async function runReplay(
  { selection, payloadFile, dryRun }: ReplayRequest,
  o: {
    shelf: Shelf;
    readFile: (path: string) => Promise<Uint8Array>;
    messages: Messages;
    signal: AbortSignal;
    clock: () => number;
  },
): Promise<{ summary: ReplaySummary; exitCode: ExitCode }> {
  const payload = payloadFile === undefined ? undefined : await o.readFile(payloadFile);
  const index = await o.shelf.index();
  const chosen = chooseLetters(index ?? [], selection);
  if (chosen.letters.length + chosen.missing.length === 0) {
    o.messages.info('nothing_to_replay', index ? 'no dead letters to replay' : neverMade(o.shelf));
  }
  let isRefused = false;

  const replay = async (letter: StoredDeadLetter): Promise<string> => {
    const messages = payload === undefined ? messagesOfLetter(letter) : edited(payload, letter);
    const what = `${letter.reason}${payload === undefined ? '' : ', with the payload given'}`;
    if (dryRun) return `would replay (${what})`;
    await o.shelf.replay(letter, messages);
    return `replayed (${what})`;
  };
  const edited = (bytes: Uint8Array, letter: StoredDeadLetter): Uint8Array[] => {
    try {
      return messagesOfPayload(bytes, letter, o.clock());
    } catch (error) {
      if (!(error instanceof PayloadError)) throw error;
      isRefused = true;
      throw new PayloadError(`${payloadFile === '-' ? 'the payload' : payloadFile}: ${error.message}`);
    }
  };

  const { tally, exitCode } = await workThrough(chosen, {
    ...o,
    wasMade: index !== undefined,
    event: dryRun ? 'would_replay' : 'replayed',
    work: replay,
  });
  const { done: replayed, ...rest } = tally;
  return {
    summary: { replayed, ...rest, dry_run: dryRun },
    exitCode: isRefused ? EXIT.usage : exitCode,
  };
}
