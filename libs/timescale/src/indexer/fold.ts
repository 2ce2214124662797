import type { UserSets } from '@event-analytics/user-sets';
import type { Database, Sql } from '../database.js';
import type { LogStretch } from '../queries/activity_log_take.js';
import type { ActivityEntries } from './activity.js';
import { addCounts } from './add-counts.js';
import { beginFold, endFold, FOLD_LIMITS, type FoldState } from './fold-state.js';
import { groupCounts, groupUsers, type NumberedEntries } from './group-activity.js';
import { COUNTS, daysOfZone, liveIndexes, type ActivityIndex } from './indexes.js';
import { createKnownUsers, type KnownUsers } from './known-users.js';
import { createNumberCache, type NumberCache } from './number-cache.js';
import { numberTypes, numberUsers, type TypeNumbers } from './numbers.js';
import { appendSegments, deleteUsersOf, type Segment } from './segments.js';

const KNOWN_BYTES_MAX = 64 * 1024 * 1024;

/** What an indexer remembers between folds; everything in it can be forgotten at any time. */
export interface FoldMemory {
  userSets: UserSets;
  users: NumberCache;
  types: TypeNumbers;
  knownUsers: KnownUsers;
  /** Bytes that this process left dead in activity_users since it was tidied; see tidyIfDue. */
  deadBytes: number;
  /** The last fold that this process knows to have been committed, by itself. */
  lastSeq: number;
  /** Of the database that all this is of: see INCARNATION. */
  incarnation: string | undefined;
  /** The stretch of history that is being folded, where that is sorted. */
  stretch: LogStretch | undefined;
}

/** @param usersRemembered about 100 bytes each */
export function createFoldMemory(userSets: UserSets, usersRemembered = 1_000_000): FoldMemory {
  return {
    userSets,
    users: createNumberCache(usersRemembered),
    types: new Map(),
    knownUsers: createKnownUsers(KNOWN_BYTES_MAX),
    deadBytes: 0,
    lastSeq: 0,
    incarnation: undefined,
    stretch: undefined,
  };
}

export interface WithFoldOptions {
  repeatableRead?: boolean;
  /** Comes first, before there is a snapshot: locks tables (LOCK TABLE takes none). */
  before?: (sql: Sql) => Promise<void>;
  /** For how long the whole may take; default: two minutes. */
  answerTimeoutMs?: number;
  /** For how long each statement may; default: one minute. */
  statementTimeoutMs?: number;
}

/**
 * A transaction under the fold's lock; undefined when somebody else has it. What is remembered is forgotten
 * when a fold fails that has begun, and when the database may be an older one than before (restored from a
 * backup, or a standby's).
 */
export async function withFold<T>(
  db: Database,
  memory: FoldMemory,
  { before, ...options }: WithFoldOptions,
  work: (sql: Sql, state: FoldState) => Promise<{ result: T; changed: boolean }>,
): Promise<T | undefined> {
  let begun: FoldState | undefined;
  let committed: FoldState | undefined;
  try {
    const result = await db.transaction(
      async (sql) => {
        await before?.(sql);
        const state = await beginFold(sql, { snapshot: options.repeatableRead === true });
        if (state === undefined) return undefined;
        begun = state;
        if (state.seq <= memory.lastSeq || state.incarnation !== memory.incarnation) forget(memory);
        memory.incarnation = state.incarnation;
        const done = await work(sql, state);
        if (!done.changed) return done.result;
        await endFold(sql, state);
        committed = state;
        return done.result;
      },
      // A table may have grown a thousandfold since the last fold.
      { ...FOLD_LIMITS, customPlans: true, ...options },
    );
    if (committed !== undefined) {
      memory.lastSeq = committed.seq;
      for (const remember of committed.afterCommit) remember();
    }
    return result;
  } catch (error) {
    if (begun !== undefined) forget(memory);
    throw error;
  }
}

/** Puts entries into the counts and into every zone's index. @returns zones that had to be given up */
export async function foldEntries(
  sql: Sql,
  memory: FoldMemory,
  state: FoldState,
  entries: readonly ActivityEntries[],
  { historical }: { historical: boolean },
): Promise<string[]> {
  const indexes = await liveIndexes(sql);
  const { types, numbered } = await numberEntries(sql, memory, state, entries);
  const segments: Segment[] = [];
  const refused: string[] = [];
  for (const index of indexes) {
    if (index.zone === COUNTS) {
      const counts = groupCounts(index.builtBefore, numbered, types);
      await addCounts(sql, { indexId: index.id, seq: state.seq, counts });
      continue;
    }
    const added = newSegments(memory, index, numbered, types, historical ? undefined : state);
    if (added === undefined) {
      leaveDead(memory, await refuse(sql, index));
      refused.push(index.zone);
    } else segments.push(...added);
  }
  leaveDead(memory, await appendSegments(sql, memory.userSets, state.seq, segments));
  return refused;
}

/** Gives users and types their numbers, new ones too. */
export async function numberEntries(
  sql: Sql,
  memory: FoldMemory,
  state: FoldState,
  entries: readonly ActivityEntries[],
): Promise<{ types: Map<string, number>; numbered: NumberedEntries[] }> {
  const types = await numberTypes(sql, memory.types, state, entries);
  const users = await numberUsers(sql, memory.users, state, entries);
  const numbered = entries.map(({ runs, counts }, i) => ({
    runs,
    counts,
    users: users[i] ?? new Uint32Array(),
  }));
  return { types, numbered };
}

/**
 * The users of each key; undefined where the zone's days cannot be told.
 * @param remembering leaves out those that are known to be there, and knows these once this fold has committed: for few
 * keys that many entries are of, as those of today
 */
export function newSegments(
  { userSets, knownUsers }: FoldMemory,
  index: ActivityIndex,
  entries: readonly NumberedEntries[],
  types: ReadonlyMap<string, number>,
  remembering?: FoldState,
): Segment[] | undefined {
  const grouped = groupUsers({ ...index, days: daysOfZone(index.zone) }, entries, types);
  if (grouped === undefined) return undefined;
  const segments = grouped.map(({ key, numbers }) => ({ key, users: userSets.of(numbers) }));
  if (remembering === undefined) return segments;
  return segments.flatMap(({ key, users }) => {
    const unknown = knownUsers.unknown(key, index.generation, users);
    if (unknown.size === 0) return [];
    // A copy: rows that were there are yet to be merged into it.
    const added = unknown.clone();
    remembering.afterCommit.push(() => knownUsers.add(key, index.generation, added));
    return [{ key, users: unknown }];
  });
}

/** Not `memory.deadBytes += await …`: that adds to what was there before, though it may have been tidied meanwhile. */
export function leaveDead(memory: FoldMemory, bytes: number): void {
  memory.deadBytes += bytes;
}

/** @returns bytes of the rows that it had: see FoldMemory.deadBytes */
export async function refuse(sql: Sql, { id }: ActivityIndex): Promise<number> {
  await sql`UPDATE activity_indexes SET state = 'refused' WHERE id = ${id}`;
  return await deleteUsersOf(sql, id);
}

function forget({ users, types, knownUsers }: FoldMemory): void {
  users.clear();
  types.clear();
  knownUsers.clear();
}
