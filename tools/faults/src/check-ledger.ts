import { recount, type Database } from '@event-analytics/timescale';
import { portableUserSets } from '@event-analytics/user-sets';
import type { Ledger } from './ledger.js';

export interface LedgerCheck {
  sent: number;
  acknowledged: number;
  rows: number;
  /** Acknowledged, and neither in events nor among the dead letters that are expected. */
  lost: number;
  /** Rows of the same id and instant beyond the first. */
  doubled: number;
  /** Values of statistics that were compared with their recount from events. */
  compared: number;
  differing: number;
  /** What does not hold, a sentence each; with some of the ids. Empty: all of it holds. */
  violations: string[];
}

const EXAMPLES = 5;
const HEX = [...'0123456789abcdef'];

/**
 * Everything is healed and drained: what was acknowledged is in the database once and in every statistic once, and
 * nothing is there that was not sent.
 *
 * @param o.deadLetters  how many the dead-letter stream holds
 * @param o.expectedDeadIds  ids that a test made undeliverable; they must be dead letters and no rows
 */
export async function checkLedger(o: {
  db: Database;
  ledgers: readonly Ledger[];
  deadLetters: number;
  expectedDeadIds?: ReadonlySet<string>;
}): Promise<LedgerCheck> {
  const { db, ledgers, expectedDeadIds = new Set<string>() } = o;
  const sent = new Map(ledgers.flatMap((ledger) => [...ledger.sent]));
  const acknowledged = new Set(ledgers.flatMap((ledger) => [...ledger.acknowledged]));
  const violations: string[] = [];
  const claim = (ids: readonly string[], what: string) => {
    if (ids.length > 0) violations.push(`${ids.length} ${what}: ${ids.slice(0, EXAMPLES).join(', ')}`);
  };

  const stored = new Set<string>();
  const unsent: string[] = [];
  const moved: string[] = [];
  const doubled: string[] = [];
  let rows = 0;
  for (const first of HEX) {
    // By slices, since a soak's events as one answer would be hundreds of megabytes.
    for (const { id, ms } of await eventsFrom(db, first)) {
      rows += 1;
      if (stored.has(id)) doubled.push(id);
      stored.add(id);
      const sentMs = sent.get(id);
      if (sentMs === undefined) unsent.push(id);
      else if (sentMs !== Number(ms)) moved.push(id);
    }
  }
  const lost = [...acknowledged].filter((id) => !stored.has(id) && !expectedDeadIds.has(id));
  claim(lost, 'acknowledged events are lost');
  claim(doubled, 'events are there more than once');
  claim(unsent, 'rows were never sent');
  claim(moved, 'rows have another instant than was sent');
  claim(
    [...expectedDeadIds].filter((id) => stored.has(id)),
    'events that can never be stored are rows',
  );
  if (o.deadLetters !== expectedDeadIds.size) {
    violations.push(`${o.deadLetters} dead letters, expected ${expectedDeadIds.size}`);
  }

  const counted = await recount(db, portableUserSets);
  if (counted.events !== rows) violations.push(`recount read ${counted.events} events of ${rows}`);
  if (counted.differing > 0) {
    const examples = JSON.stringify(counted.differences.slice(0, EXAMPLES));
    violations.push(`${counted.differing} statistics differ from events: ${examples}`);
  }
  if (counted.notReady.length > 0) violations.push(`not indexed yet: ${counted.notReady.join(', ')}`);
  return {
    sent: sent.size,
    acknowledged: acknowledged.size,
    rows,
    lost: lost.length,
    doubled: doubled.length,
    compared: counted.compared,
    differing: counted.differing,
    violations,
  };
}

async function eventsFrom(db: Database, firstDigit: string): Promise<{ id: string; ms: string }[]> {
  const from = `${firstDigit}0000000-0000-0000-0000-000000000000`;
  const to = `${firstDigit}fffffff-ffff-ffff-ffff-ffffffffffff`;
  return db.run(
    (sql) => sql<{ id: string; ms: string }[]>`
      SELECT event_id::text AS id, round(extract(epoch FROM occurred_at) * 1000)::text AS ms
      FROM events WHERE event_id BETWEEN ${from}::uuid AND ${to}::uuid`,
  );
}
