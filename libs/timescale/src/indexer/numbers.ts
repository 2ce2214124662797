import type { Sql } from '../database.js';
import { intArray, textArray } from '../sql-text.js';
import { DatabaseError } from '../errors.js';
import type { FoldState } from './fold-state.js';
import type { ActivityEntries } from './activity.js';
import { nameAt } from './names.js';
import type { NumberCache } from './number-cache.js';

/** int4, and what roaring bitmaps hold of it. */
const NUMBER_MAX = 2_147_483_647;
const TYPES_REMEMBERED = 100_000;

/** Numbers by type: few, so that a Map will do. */
export type TypeNumbers = Map<string, number>;

/**
 * The numbers of all users, new ones given out in the order of appearance; at the price of a look into the
 * database for those that are not known. Under the fold's lock only.
 * @returns for each of the entries, by the positions of their users
 */
export async function numberUsers(
  sql: Sql,
  known: NumberCache,
  state: FoldState,
  entries: readonly ActivityEntries[],
): Promise<Uint32Array[]> {
  const unknown = new Map<string, number>();
  const unsettled: { numbers: Uint32Array; at: number; id: string }[] = [];
  const result = entries.map(({ runs, users }) => {
    const { bytes, bounds } = users;
    const numbers = new Uint32Array(bounds.length / 2);
    for (const { first, end } of runs) {
      for (let at = first; at < end; at++) {
        const number = known.get(bytes, bounds[2 * at] ?? 0, bounds[2 * at + 1] ?? 0);
        if (number !== undefined) {
          numbers[at] = number;
          continue;
        }
        const id = nameAt(users, at);
        unknown.set(id, -1);
        unsettled.push({ numbers, at, id });
      }
    }
    return numbers;
  });
  if (unknown.size === 0) return result;

  const stored = await sql<{ user_id: string; number: number }[]>`
    SELECT user_id, number FROM users WHERE user_id = ANY(${textArray([...unknown.keys()])}::text[])`;
  for (const { user_id, number } of stored) unknown.set(user_id, number);
  const added: string[] = [];
  const given: number[] = [];
  for (const [id, number] of unknown) {
    if (number >= 0) continue;
    unknown.set(id, state.nextUser);
    added.push(id);
    given.push(state.nextUser++);
  }
  checkNumber(state.nextUser);
  if (added.length > 0) {
    await sql`
      INSERT INTO users (user_id, number)
      SELECT user_id, number FROM unnest(${textArray(added)}::text[], ${intArray(given)}::int[]) AS new (user_id, number)
      ORDER BY user_id`;
  }
  for (const { numbers, at, id } of unsettled) numbers[at] = unknown.get(id) ?? 0;
  state.afterCommit.push(() => {
    for (const [id, number] of unknown) {
      const bytes = Buffer.from(id);
      known.set(bytes, 0, bytes.length, number);
    }
  });
  return result;
}

/** The numbers of all types; see numberUsers. */
export async function numberTypes(
  sql: Sql,
  known: TypeNumbers,
  state: FoldState,
  entries: readonly { runs: readonly { event_type: string }[] }[],
): Promise<Map<string, number>> {
  const numbers = new Map<string, number>();
  const unknown = new Set<string>();
  for (const { runs } of entries) {
    for (const { event_type } of runs) {
      if (numbers.has(event_type)) continue;
      const number = known.get(event_type);
      if (number === undefined) unknown.add(event_type);
      else numbers.set(event_type, number);
    }
  }
  if (unknown.size === 0) return numbers;

  const stored = await sql<{ event_type: string; number: number }[]>`
    SELECT event_type, number FROM event_types WHERE event_type = ANY(${textArray([...unknown])}::text[])`;
  for (const { event_type, number } of stored) {
    numbers.set(event_type, number);
    unknown.delete(event_type);
  }
  const added = [...unknown];
  const given = added.map(() => state.nextType++);
  checkNumber(state.nextType);
  added.forEach((type, i) => numbers.set(type, given[i] ?? 0));
  if (added.length > 0) {
    await sql`
      INSERT INTO event_types (event_type, number)
      SELECT * FROM unnest(${textArray(added)}::text[], ${intArray(given)}::int[])`;
  }
  state.afterCommit.push(() => {
    if (known.size + numbers.size > TYPES_REMEMBERED) known.clear();
    for (const [type, number] of numbers) known.set(type, number);
  });
  return numbers;
}

function checkNumber(next: number): void {
  if (next > NUMBER_MAX)
    throw new DatabaseError('numbers_exhausted', 'the index has no number left to give out');
}
