import type { UserSet, UserSets } from '@event-analytics/user-sets';
import type { Sql } from '../database.js';
import {
  measureUserRows,
  readUserRows,
  type ReadRows,
  type UserRows,
} from '../queries/activity_users_read.js';
import { coverOf } from './cover.js';

/** What one statement brings at most, but for a day or month that is larger by itself. */
const STATEMENT_BYTES_MAX = 4 * 1024 * 1024;

export interface NumberedRange {
  type: number;
  first: number;
  last: number;
}

/** Users of a range of days. */
export interface ReadRange {
  users: UserSet;
  /** Every fold up to this one is in it, and none after `upTo`. */
  asOf: number;
  upTo: number;
  /** The newest row in it. */
  version: number;
}

export interface IndexToRead {
  id: number;
  generation: number;
  incarnation: string;
  sealedBefore: number;
}

/** What is to be read for some ranges, and how much that is. */
export interface ReadingPlan {
  /** For each range. */
  bytes: number[];
  /** Each to be read by one statement; together they are all rows of the ranges, also those that are yet to come. */
  statements: UserRows[][];
}

export async function planReading(
  sql: Sql,
  index: IndexToRead,
  ranges: readonly NumberedRange[],
): Promise<ReadingPlan> {
  const rows = ranges.flatMap(({ type, first, last }, set) =>
    coverOf(first, last, index.sealedBefore).map((span): UserRows => ({ set, type, ...span })),
  );
  const measured = rows.length === 0 ? [] : await measureUserRows(sql, index.id, rows);
  const bytes = ranges.map(() => 0);
  const statements: UserRows[][] = [[]];
  let left = STATEMENT_BYTES_MAX;
  let at = 0;
  rows.forEach((span, position) => {
    let rest = span;
    for (let slot = measured[at]; slot?.position === position; slot = measured[++at]) {
      bytes[span.set] = (bytes[span.set] ?? 0) + slot.bytes;
      if (slot.bytes > left) {
        // A new statement begins with this slot.
        if (slot.slot > rest.first) statements.at(-1)?.push({ ...rest, last: slot.slot - 1 });
        rest = { ...rest, first: slot.slot };
        statements.push([]);
        left = STATEMENT_BYTES_MAX;
      }
      left -= slot.bytes;
    }
    statements.at(-1)?.push(rest);
  });
  return { bytes, statements: statements.filter((statement) => statement.length > 0) };
}

/**
 * Reads ranges as planned. Each statement sees a moment of its own, unless `run` has one transaction for all.
 * @param run runs one statement
 * @param atOnce how many statements: while one is sent, another is decoded
 * @returns undefined when the index was replaced or its generation went up
 */
export async function readRanges(
  run: (work: (sql: Sql) => PromiseLike<ReadRows | undefined>) => Promise<ReadRows | undefined>,
  userSets: UserSets,
  index: IndexToRead,
  { bytes, statements }: ReadingPlan,
  { atOnce }: { atOnce: number },
): Promise<ReadRange[] | undefined> {
  const read = bytes.map((): Partial<ReadRange> => ({}));
  const left = statements.values();
  let replaced = false;

  async function readOn(): Promise<void> {
    for (const statement of left) {
      const answer = replaced ? undefined : await run((sql) => readUserRows(sql, index, statement));
      if (answer === undefined) {
        replaced = true;
        return;
      }
      for (const { set } of statement) {
        const range = read[set] ?? {};
        range.asOf = Math.min(range.asOf ?? Infinity, answer.seq);
        range.upTo = Math.max(range.upTo ?? 0, answer.seq);
      }
      for (const { set, seq, users } of answer.rows) {
        const range = read[set] ?? {};
        const decoded = userSets.fromBytes(users);
        if (range.users === undefined) range.users = decoded;
        else range.users.add(decoded);
        range.version = Math.max(range.version ?? 0, seq);
      }
    }
  }

  await Promise.all(Array.from({ length: atOnce }, readOn));
  if (replaced) return undefined;
  return read.map(({ users = userSets.empty(), asOf = 0, upTo = 0, version = 0 }) => ({
    users,
    asOf,
    upTo,
    version,
  }));
}
