import type { LetterPlace } from '@event-analytics/nats-client';
import { chooseLetters, type Selection } from './choose-letters.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { letterJson } from './letter-facts.js';
import type { LetterFile } from './letter-file.js';
import type { Messages } from './messages.js';
import { neverMade } from './missing-letters.js';
import type { Shelf } from './shelf.js';
import { workThrough } from './work-through.js';

export interface DropRequest {
  selection: Selection;
  /** Needed for more than letters by their sequence. */
  yes: boolean;
  /** Where to save the letters before, as NDJSON. */
  saveTo: string | undefined;
}

export interface DropSummary {
  dropped: number;
  failed: number;
  missing: number;
  untried: number;
  saved_to: string | null;
}

/** Removes letters for good. */
export async function runDrop(
  { selection, yes, saveTo }: DropRequest,
  o: {
    shelf: Shelf;
    /** Makes the file; throws UsageError where there is one already. */
    createFile: (path: string) => Promise<LetterFile>;
    messages: Messages;
    signal: AbortSignal;
    clock: () => number;
  },
): Promise<{ summary?: DropSummary; exitCode: ExitCode }> {
  const index = await o.shelf.index();
  const chosen = chooseLetters(index ?? [], selection);
  if (chosen.letters.length + chosen.missing.length === 0) {
    o.messages.info('nothing_to_drop', index ? 'no dead letters to drop' : neverMade(o.shelf));
  } else if (selection.by !== 'sequence' && !yes) {
    const count = chosen.letters.length;
    o.messages.error(
      'not_confirmed',
      `this would remove ${count.toLocaleString('en-US')} dead letter${count === 1 ? '' : 's'} for good: add --yes`,
      { letters: count },
    );
    return { exitCode: EXIT.usage };
  }
  if (saveTo !== undefined) await save(chosen.letters, saveTo, o);

  const { tally, exitCode } = await workThrough(chosen, {
    ...o,
    wasMade: index !== undefined,
    event: 'dropped',
    work: async (letter) => {
      await o.shelf.remove(letter);
      return `dropped (${letter.reason})`;
    },
  });
  const { done: dropped, ...rest } = tally;
  return { summary: { dropped, ...rest, saved_to: saveTo ?? null }, exitCode };
}

/** All of them are on disk before the first is removed. */
async function save(
  letters: readonly LetterPlace[],
  path: string,
  o: { shelf: Shelf; createFile: (path: string) => Promise<LetterFile>; clock: () => number },
): Promise<void> {
  const file = await o.createFile(path);
  try {
    for await (const page of o.shelf.read(letters)) {
      for (const letter of page) await file.write(`${JSON.stringify(letterJson(letter, o.clock()))}\n`);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
