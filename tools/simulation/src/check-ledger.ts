import { DEAD_LETTER_HEADERS, DEFAULT_STREAM_NAMES } from '@event-analytics/nats-client';
import type { Cast } from './cast.js';
import { keyOf, type ClientEvent } from './ledger.js';
import { FOREIGN_USER, NO_MESSAGE } from './processes/foreigner.js';
import { POISON_USER } from './processes/make-events.js';
import { entryOf } from './servers/database/events-table.js';
import { activityKey } from './servers/database/server.js';
import type { World } from './world.js';

/**
 * Once everything is healed and drained. S sent, A answered 202, D rows: A ⊆ D ∪ dead letters, D ⊆ S, no event that can
 * be stored is a dead letter, what is counted are the rows, and nothing is left in the stream. That rows are distinct is
 * the table's own doing.
 */
export function checkLedger(
  world: World,
  { ledger, nats, database, expectedLetters, lostTexts }: Cast,
): void {
  const { violated, plan } = world;
  const { rows } = database.table;
  const rowIds = new Set([...rows.values()].map(({ event_id }) => event_id));
  const letters = readLetters();

  for (const [key, row] of rows) {
    const sent = ledger.sent.get(key);
    if (!sent) violated(`stored, and never sent: ${key}`);
    else if (sent.user_id !== row.user_id || sent.event_type !== row.event_type) {
      violated(`stored otherwise than sent: ${key}`);
    }
  }
  for (const key of ledger.acknowledged.keys()) {
    const [id = ''] = key.split(' ');
    // The same id with another instant is a duplicate while Redis remembers it: the first wins.
    const isStored = rows.has(key) || (plan.variesInstants && rowIds.has(id));
    if (!isStored && !letters.has(id) && !ledger.isAccountedLoss(key)) {
      violated(`answered 202, and lost: ${key}`);
    }
  }
  for (const [id, isDue] of letters) if (!isDue) violated(`a dead letter that could have been stored: ${id}`);
  for (const id of expectedLetters) {
    const isLost = lostTexts.some((text) => text.includes(id));
    if (!letters.has(id) && !isLost) violated(`no dead letter, and no event: ${id}`);
  }
  checkCounts();

  /** Id → whether it belongs there. */
  function readLetters(): Map<string, boolean> {
    const found = new Map<string, boolean>();
    for (const { data, headers } of nats.stream(DEFAULT_STREAM_NAMES.deadLetterStream)?.messages() ?? []) {
      if (!headers?.get(DEAD_LETTER_HEADERS.reason)) violated('a dead letter without a reason');
      const text = Buffer.from(data).toString();
      if (text.startsWith(NO_MESSAGE)) {
        found.set(text.slice(NO_MESSAGE.length + 1), true);
      } else {
        const event = JSON.parse(text) as ClientEvent;
        found.set(event.event_id, event.user_id === POISON_USER || event.user_id === FOREIGN_USER);
        if (rows.has(keyOf(event))) violated(`stored, and a dead letter: ${event.event_id}`);
      }
    }
    return found;
  }

  /** Every statistic is a sum over these. */
  function checkCounts(): void {
    const counted = new Map(database.folded);
    const add = (key: string, count: number): void => void counted.set(key, (counted.get(key) ?? 0) + count);
    for (const { entries } of database.table.log) for (const entry of entries) add(activityKey(entry), 1);
    for (const row of rows.values()) add(activityKey(entryOf(row)), -1);
    for (const [key, difference] of counted) {
      if (difference !== 0) violated(`counted ${difference} too many: ${key}`);
    }
  }
}
