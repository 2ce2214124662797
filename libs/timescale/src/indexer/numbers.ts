import type { Sql } from '../database.js';
import { intArray, textArray } from '../sql-text.js';
import { DatabaseError } from '../errors.js';
import type { FoldState } from './fold-state.js';

/** int4, and what roaring bitmaps hold of it. */
const NUMBER_MAX = 2_147_483_647;

/** The numbers of users and types that were used lately. A number is for ever, so nothing here goes stale. */
export interface KnownNumbers {
  users: NumberCache;
  types: NumberCache;
}

/** Remembers the last `size` or so names: two maps, the older one dropped when the newer is half of it. */
export interface NumberCache {
  get(name: string): number | undefined;
  set(name: string, number: number): void;
  clear(): void;
}

export function createNumberCache(size: number): NumberCache {
  let recent = new Map<string, number>();
  let older = new Map<string, number>();
  const half = Math.ceil(size / 2);
  function set(name: string, number: number): void {
    if (recent.size >= half) {
      older = recent;
      recent = new Map();
    }
    recent.set(name, number);
  }
  return {
    get(name) {
      const found = recent.get(name);
      if (found !== undefined) return found;
      const number = older.get(name);
      if (number !== undefined) set(name, number);
      return number;
    },
    set,
    clear() {
      recent = new Map();
      older = new Map();
    },
  };
}

/**
 * The numbers of all users, new ones given out in the order of appearance; at the price of a look into the
 * database for those that are not known. Under the fold's lock only.
 * @returns a number for each name, in their order
 */
export async function numberUsers(
  sql: Sql,
  known: NumberCache,
  state: FoldState,
  userIds: readonly (readonly string[])[],
): Promise<Uint32Array[]> {
  const unknown = new Map<string, number>();
  const result = userIds.map((ids) => new Uint32Array(ids.length));
  const unsettled: { of: number; at: number; id: string }[] = [];
  userIds.forEach((ids, of) => {
    const numbers = result[of] ?? new Uint32Array();
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] ?? '';
      const number = known.get(id);
      if (number !== undefined) {
        numbers[at] = number;
        continue;
      }
      unknown.set(id, -1);
      unsettled.push({ of, at, id });
    }
  });
  if (unknown.size === 0) return result;

  const stored = await sql<{ user_id: string; number: number }[]>`
    SELECT user_id, number FROM users WHERE user_id = ANY(${textArray([...unknown.keys()])}::text[])`;
  for (const { user_id, number } of stored) unknown.set(user_id, number);
  const added: string[] = [];
  const numbers: number[] = [];
  for (const [id, number] of unknown) {
    if (number >= 0) continue;
    unknown.set(id, state.nextUser);
    added.push(id);
    numbers.push(state.nextUser++);
  }
  checkNumber(state.nextUser);
  if (added.length > 0) {
    await sql`
      INSERT INTO users (user_id, number)
      SELECT user_id, number FROM unnest(${textArray(added)}::text[], ${intArray(numbers)}::int[]) AS new (user_id, number)
      ORDER BY user_id`;
  }
  for (const { of, at, id } of unsettled) {
    const into = result[of];
    if (into !== undefined) into[at] = unknown.get(id) ?? 0;
  }
  state.afterCommit.push(() => {
    for (const [id, number] of unknown) known.set(id, number);
  });
  return result;
}

/** The numbers of all types; see numberUsers. */
export async function numberTypes(
  sql: Sql,
  known: NumberCache,
  state: FoldState,
  eventTypes: readonly (readonly string[])[],
): Promise<Map<string, number>> {
  const numbers = new Map<string, number>();
  const unknown = new Set<string>();
  for (const types of eventTypes) {
    for (const type of types) {
      if (numbers.has(type)) continue;
      const number = known.get(type);
      if (number === undefined) unknown.add(type);
      else numbers.set(type, number);
    }
  }
  if (unknown.size > 0) {
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
      for (const [type, number] of numbers) known.set(type, number);
    });
  }
  return numbers;
}

function checkNumber(next: number): void {
  if (next > NUMBER_MAX)
    throw new DatabaseError('numbers_exhausted', 'the index has no number left to give out');
}
