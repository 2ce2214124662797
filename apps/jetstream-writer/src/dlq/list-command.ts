import type { IndexedLetter, StoredDeadLetter } from '@event-analytics/nats-client';
import { chooseLetters, countByReason } from './choose-letters.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { ageSeconds, eventFacts, letterJson, shortAge } from './letter-facts.js';
import type { Messages } from './messages.js';
import { neverMade } from './missing-letters.js';
import { printable } from './payload-text.js';
import type { Shelf } from './shelf.js';
import { shorten, tableLines } from './table.js';

export interface ListRequest {
  reason: string | undefined;
  /** Letters shown, the oldest first. */
  limit: number;
  json: boolean;
}

const HEADER = ['sequence', 'time', 'age', 'attempts', 'reason', 'event id', 'user', 'type', 'error'];
const UUID_LENGTH = 36;
const NAME_LENGTH_MAX = 24;
const ERROR_LENGTH_MAX = 80;

/** Shows letters as a table or as NDJSON, and how many there are in all. */
export async function runList(
  { reason, limit, json }: ListRequest,
  o: { shelf: Shelf; print: (text: string) => Promise<void>; messages: Messages; clock: () => number },
): Promise<ExitCode> {
  const index = await o.shelf.index();
  const all = index ?? [];
  const { letters } = chooseLetters(all, reason === undefined ? { by: 'all' } : { by: 'reason', reason });
  const shown = letters.slice(0, limit);
  const nowMs = o.clock();
  const rows: string[][] = [];
  for await (const page of o.shelf.read(shown)) {
    if (json) await o.print(page.map((letter) => `${JSON.stringify(letterJson(letter, nowMs))}\n`).join(''));
    // No payload is kept.
    else rows.push(...page.map((letter) => rowOf(letter, nowMs)));
  }
  if (rows.length > 0) await o.print(`${tableLines([HEADER, ...rows]).join('\n')}\n`);

  const closing =
    index === undefined ? neverMade(o.shelf) : inAll(all, { listed: letters.length, shown: shown.length });
  const letterCounts = { letters: all.length, by_reason: countByReason(all) };
  if (json) o.messages.info('dead_letters', closing, letterCounts);
  else await o.print(`${closing}\n`);
  return EXIT.ok;
}

function rowOf(letter: StoredDeadLetter, nowMs: number): string[] {
  const { eventId, userId, eventType } = eventFacts(letter);
  const cell = (text: string | null, lengthMax: number): string =>
    text === null ? '-' : shorten(printable(shorten(text, lengthMax)), 2 * lengthMax);
  return [
    String(letter.sequence),
    new Date(letter.storedAtMs).toISOString(),
    shortAge(ageSeconds(letter, nowMs)),
    letter.attempts === undefined ? '-' : String(letter.attempts),
    letter.reason,
    cell(eventId, UUID_LENGTH),
    cell(userId, NAME_LENGTH_MAX),
    cell(eventType, NAME_LENGTH_MAX),
    cell(letter.error, ERROR_LENGTH_MAX),
  ];
}

function inAll(all: readonly IndexedLetter[], { listed, shown }: { listed: number; shown: number }): string {
  if (all.length === 0) return 'no dead letters';
  const n = (count: number): string => count.toLocaleString('en-US');
  const reasons = Object.entries(countByReason(all)).map(([reason, count]) => `${n(count)} ${reason}`);
  const copies = all.reduce((sum, letter) => sum + letter.copies.length, 0);
  const parts = [`${n(all.length)} dead letter${all.length === 1 ? '' : 's'} in all: ${reasons.join(', ')}`];
  if (shown < listed) parts.push(`the oldest ${n(shown)} of ${n(listed)} are shown`);
  if (copies > 0) parts.push(`${n(copies)} stand there twice and count once`);
  return parts.join('; ');
}
