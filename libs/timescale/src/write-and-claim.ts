import type { Sql } from './database.js';
import { DatabaseError } from './errors.js';
import { copyEvents } from './queries/events_copy.js';
import { insertEvents, type InsertOptions, type WritableEvent } from './queries/events_insert.js';
import type { TooOldEvents, WriteResult } from './write-events.js';

/** Each time, an undo removed the very same events between two statements. */
const WRITES_MAX = 5;

/**
 * One statement; those of an import that are unseen are copied where they can be, which wants a transaction. Says which
 * events were left out because they are too old.
 */
export async function insertAndCount(
  sql: Sql,
  events: readonly WritableEvent[],
  options: InsertOptions,
): Promise<WriteResult> {
  if (events.length === 0) return { inserted: 0, duplicates: 0 };
  const { unseen, importId } = options;
  // Of those that are copied none is too old.
  if (unseen && importId !== undefined && (await copyEvents(sql, events, importId)))
    return resultOf(events.length, events.length, undefined);
  const { inserted, retainedFromMs } = await insertEvents(sql, events, options);
  return resultOf(events.length, inserted, tooOldEvents(events, retainedFromMs));
}

/**
 * Claims duplicates, and where some of them are gone again writes them once more: when this resolves every event
 * is there and no undo of another import can remove it, but those that are too old.
 * @param first the result of the write that found the duplicates
 * @param o.claim how many of the events are missing, see claimEvents
 */
export async function keepDuplicates(
  events: readonly WritableEvent[],
  first: WriteResult,
  o: { claim: () => Promise<{ missing: number }>; write: () => Promise<WriteResult> },
): Promise<WriteResult> {
  let result = first;
  for (let writes = 1; result.duplicates > 0; writes++) {
    const { missing } = await o.claim();
    if (missing === 0) break;
    if (writes === WRITES_MAX) {
      throw new DatabaseError(
        'events_vanish',
        `${missing} events were removed as often as they were written: ${WRITES_MAX} times`,
      );
    }
    const again = await o.write();
    result = resultOf(events.length, result.inserted + again.inserted, again.tooOld);
  }
  return result;
}

function resultOf(events: number, inserted: number, tooOld: TooOldEvents | undefined): WriteResult {
  // Not below 0: of what was inserted first, the rest of a second write may have become too old.
  const duplicates = Math.max(0, events - inserted - (tooOld?.indexes.length ?? 0));
  return { inserted, duplicates, ...(tooOld && { tooOld }) };
}

/** The same comparison as the insert's, of the same watermark. */
function tooOldEvents(events: readonly WritableEvent[], retainedFromMs: number): TooOldEvents | undefined {
  if (retainedFromMs === -Infinity) return undefined;
  const indexes: number[] = [];
  events.forEach(({ occurred_at }, index) => {
    if (Date.parse(occurred_at) < retainedFromMs) indexes.push(index);
  });
  return indexes.length === 0 ? undefined : { indexes, retainedFrom: new Date(retainedFromMs).toISOString() };
}
