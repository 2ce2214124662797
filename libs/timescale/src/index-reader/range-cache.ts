import type { UserSet, UserSets } from '@event-analytics/user-sets';
import type { Change } from '../queries/activity_changes_read.js';

/** The users of one range of days and type of an index, as of a fold. */
export interface RangeNode {
  readonly key: string;
  readonly type: number;
  readonly first: number;
  readonly last: number;
  users: UserSet;
  /** Every fold up to this one is in it. */
  asOf: number;
  /** None after this one is; it is of one moment where the two are the same. */
  upTo: number;
  /** A fold since which the users are the same. */
  version: number;
  /** Questions that need it: it is not dropped to make room. */
  pins: number;
  /** Questions that compute with `users` and are not done: they are not changed, but replaced. */
  held: number;
}

/** What is remembered of one index. */
export interface RangeCache {
  get(key: string): RangeNode | undefined;
  put(node: Omit<RangeNode, 'pins' | 'held'>): RangeNode;
  /** The types of its ranges. */
  types(): number[];
  /** All of them have at least the folds up to this one; undefined when there are none. */
  oldest(): number | undefined;
  /** Brings those ranges up to `asOf` that are of these types and already have the folds up to `since`. */
  advance(o: { types: ReadonlySet<number>; since: number; asOf: number; changes: readonly Change[] }): void;
  /** Forgets everything; whoever uses some of it goes on with what it has. */
  clear(): void;
}

/** The memory that all caches share. */
export interface CacheMemory {
  /** A cache of its own in this memory. */
  open(): RangeCache;
  pin(node: RangeNode): void;
  unpin(node: RangeNode): void;
  /** Sets room aside for ranges that are about to be read, where others are forgotten for it; false where there is none. */
  reserve(bytes: number): boolean;
  /** Gives it back, before what was read is put there. */
  release(bytes: number): void;
  readonly bytes: number;
  readonly size: number;
}

/** Of a node beside its users. */
const NODE_BYTES = 400;

/** @param bytesMax ranges unused for longest are forgotten past it, as far as no question needs them */
export function createCacheMemory(userSets: UserSets, bytesMax: number): CacheMemory {
  /** Those unused for longest first: a Map keeps the order of insertion. */
  const entries = new Map<RangeNode, { bytes: number; drop: () => void }>();
  let bytes = 0;
  let pinnedBytes = 0;
  let reserved = 0;

  return {
    open,
    pin(node) {
      if (node.pins++ === 0) pinnedBytes += entries.get(node)?.bytes ?? 0;
      const entry = entries.get(node);
      if (entry === undefined) return;
      entries.delete(node);
      entries.set(node, entry);
      makeRoom();
    },
    unpin(node) {
      if (--node.pins === 0) pinnedBytes -= entries.get(node)?.bytes ?? 0;
      makeRoom();
    },
    reserve(wanted) {
      if (pinnedBytes + reserved + wanted > bytesMax) return false;
      reserved += wanted;
      makeRoom();
      return true;
    },
    release(given) {
      reserved -= given;
    },
    get bytes() {
      return bytes;
    },
    get size() {
      return entries.size;
    },
  };

  function makeRoom(): void {
    for (const [node, entry] of entries) {
      if (bytes + reserved <= bytesMax) return;
      if (node.pins === 0) entry.drop();
    }
  }

  function measure(node: RangeNode): void {
    const entry = entries.get(node);
    if (entry === undefined) return;
    const grown = node.users.bytes + NODE_BYTES - entry.bytes;
    entry.bytes += grown;
    bytes += grown;
    if (node.pins > 0) pinnedBytes += grown;
  }

  function forget(node: RangeNode): void {
    const entry = entries.get(node);
    if (entry === undefined) return;
    entries.delete(node);
    bytes -= entry.bytes;
    if (node.pins > 0) pinnedBytes -= entry.bytes;
  }

  function open(): RangeCache {
    const nodes = new Map<string, RangeNode>();
    const byType = new Map<number, Set<RangeNode>>();

    function drop(node: RangeNode): void {
      forget(node);
      nodes.delete(node.key);
      const ofType = byType.get(node.type);
      ofType?.delete(node);
      if (ofType?.size === 0) byType.delete(node.type);
    }

    return {
      get: (key) => nodes.get(key),
      put(fields) {
        const before = nodes.get(fields.key);
        if (before !== undefined) drop(before);
        const node: RangeNode = { ...fields, pins: 0, held: 0 };
        nodes.set(node.key, node);
        byType.set(node.type, (byType.get(node.type) ?? new Set()).add(node));
        entries.set(node, { bytes: 0, drop: () => drop(node) });
        measure(node);
        return node;
      },
      types: () => [...byType.keys()],
      oldest() {
        let oldest: number | undefined;
        for (const { asOf } of nodes.values()) if (oldest === undefined || asOf < oldest) oldest = asOf;
        return oldest;
      },
      advance({ types, since, asOf, changes }) {
        let cloned: Set<RangeNode> | undefined;
        const isReady = (node: RangeNode) => node.asOf >= since && node.asOf < asOf;
        for (const change of changes) {
          let added: UserSet | undefined;
          for (const node of byType.get(change.type) ?? []) {
            if (change.day < node.first || change.day > node.last) continue;
            if (!isReady(node) || change.seq <= node.asOf) continue;
            added ??= userSets.fromBytes(change.users);
            if (node.held > 0 && !cloned?.has(node)) {
              node.users = node.users.clone();
              cloned = (cloned ?? new Set()).add(node);
            }
            const sizeBefore = node.users.size;
            node.users.add(added);
            // A row may say what was known, also when it was merged with another.
            if (node.users.size === sizeBefore) continue;
            node.version = Math.max(node.version, change.seq);
            measure(node);
          }
        }
        for (const type of types) {
          for (const node of byType.get(type) ?? []) {
            if (!isReady(node)) continue;
            node.asOf = asOf;
            node.upTo = Math.max(node.upTo, asOf);
          }
        }
        makeRoom();
      },
      clear() {
        for (const node of nodes.values()) forget(node);
        nodes.clear();
        byType.clear();
      },
    };
  }
}
