import type { UserSet, UserSets } from '@event-analytics/user-sets';
import type { Sql } from '../database.js';
import { keyOf, named, rangesOf, usePieces } from './compute.js';
import type { Piece } from './question.js';
import { planReading, readRanges, type IndexToRead, type NumberedRange } from './read-ranges.js';

export interface DirectReading {
  index: IndexToRead;
  pieces: readonly Piece[];
  /** Undefined: a type that nobody had an event of. */
  numberOf: (eventType: string | undefined) => number | undefined;
  userSets: UserSets;
  /** Sets that are held at once, unless a single piece needs more. */
  bytesMax: number;
  /** Asked between statements, and now and then between pieces; throws when it takes too long. */
  checkTime: () => void;
}

/**
 * Takes the pieces of a question one after another, reading what they need and forgetting it again.
 * @param sql a transaction that sees one moment
 * @returns the newest row that was read
 */
export async function readDirectly(sql: Sql, o: DirectReading): Promise<number> {
  let version = 0;
  for (const group of await groupPieces(sql, o)) {
    o.checkTime();
    const { keys, ranges } = numbered(o, group);
    const plan = await planReading(sql, o.index, ranges);
    const read = await readRanges((work) => Promise.resolve(work(sql)), o.userSets, o.index, plan, {
      atOnce: 1,
    });
    if (read === undefined) throw new Error('the index changed within a transaction that sees one moment');
    const sets = new Map<string, UserSet>();
    for (const key of rangesOf(group).keys()) sets.set(key, o.userSets.empty());
    read.forEach((range, i) => {
      sets.set(keys[i] ?? '', range.users);
      version = Math.max(version, range.version);
    });
    await usePieces(group, (range) => named(sets.get(keyOf(range)), range), o.checkTime);
  }
  return version;
}

/** Consecutive pieces whose ranges are no larger than bytesMax together. */
async function groupPieces(sql: Sql, o: DirectReading): Promise<Piece[][]> {
  const { keys, ranges } = numbered(o, o.pieces);
  const { bytes } = await planReading(sql, o.index, ranges);
  const bytesOf = new Map(keys.map((key, i) => [key, bytes[i] ?? 0]));
  const groups: Piece[][] = [];
  let taken = new Set<string>();
  let left = 0;
  for (const piece of o.pieces) {
    const size = (keysOfPiece: string[]) =>
      keysOfPiece.reduce((sum, key) => sum + (taken.has(key) ? 0 : (bytesOf.get(key) ?? 0)), 0);
    const pieceKeys = piece.ranges.map(keyOf);
    if (groups.length === 0 || size(pieceKeys) > left) {
      groups.push([]);
      taken = new Set();
      left = o.bytesMax;
    }
    left -= size(pieceKeys);
    for (const key of pieceKeys) taken.add(key);
    groups.at(-1)?.push(piece);
  }
  return groups;
}

/** The ranges of types that there are. */
function numbered(
  { numberOf }: DirectReading,
  pieces: readonly Piece[],
): { keys: string[]; ranges: NumberedRange[] } {
  const keys: string[] = [];
  const ranges: NumberedRange[] = [];
  for (const [key, { eventType, first, last }] of rangesOf(pieces)) {
    const type = numberOf(eventType);
    if (type === undefined) continue;
    keys.push(key);
    ranges.push({ type, first, last });
  }
  return { keys, ranges };
}
