import { WHOLE_MESSAGE, type StoredDeadLetter } from '@event-analytics/nats-client';
import { chooseLetters } from './choose-letters.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { ageSeconds, letterJson, shortAge } from './letter-facts.js';
import type { Messages } from './messages.js';
import { neverMade, noSuchLetter } from './missing-letters.js';
import { showPayload } from './payload-text.js';
import type { Shelf } from './shelf.js';
import { tableLines } from './table.js';

export interface ShowRequest {
  sequence: number;
  json: boolean;
}

/** Shows all that is known of one letter. */
export async function runShow(
  { sequence, json }: ShowRequest,
  o: { shelf: Shelf; print: (text: string) => Promise<void>; messages: Messages; clock: () => number },
): Promise<ExitCode> {
  const index = await o.shelf.index();
  const { letters } = chooseLetters(index ?? [], { by: 'sequence', sequences: [sequence] });
  for await (const [letter] of o.shelf.read(letters)) {
    if (!letter) continue;
    const nowMs = o.clock();
    await o.print(json ? `${JSON.stringify(letterJson(letter, nowMs), null, 2)}\n` : inWords(letter, nowMs));
    return EXIT.ok;
  }
  o.messages.error('no_such_letter', index ? noSuchLetter(sequence) : neverMade(o.shelf), { sequence });
  return EXIT.someLeft;
}

function inWords(letter: StoredDeadLetter, nowMs: number): string {
  const { kind, text } = showPayload(letter.payload);
  const unknown = 'not known';
  const facts = [
    ['sequence', String(letter.sequence)],
    ...(letter.copies.length > 0 ? [['copies', `at ${letter.copies.join(', ')}: the same letter`]] : []),
    ['time', `${new Date(letter.storedAtMs).toISOString()} (${shortAge(ageSeconds(letter, nowMs))} ago)`],
    ['reason', letter.reason],
    ['error', letter.error],
    ['attempts', letter.attempts === undefined ? unknown : String(letter.attempts)],
    ['stream', letter.streamEpoch === undefined ? unknown : `made at ${letter.streamEpoch}`],
    ['message', letter.streamSequence === undefined ? unknown : String(letter.streamSequence)],
    ['index', letter.index === WHOLE_MESSAGE ? 'none: the whole message' : String(letter.index)],
    ['received', letter.receivedAt ?? unknown],
    ['payload', `${letter.payload.length.toLocaleString('en-US')} bytes, ${kind}:`],
  ];
  return `${tableLines(facts).join('\n')}\n\n${text}\n`;
}
