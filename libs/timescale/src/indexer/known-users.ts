import type { UserSet } from '@event-analytics/user-sets';
import type { IndexKey } from './index-key.js';

/** Users that are known to be in the index: what says nothing new need not be written. */
export interface KnownUsers {
  /** Those of `users` that are not known to be there. @param generation of the key's index */
  unknown(key: IndexKey, generation: number, users: UserSet): UserSet;
  /** They are there now; `users` is this one's from now on. */
  add(key: IndexKey, generation: number, users: UserSet): void;
  clear(): void;
}

/** @param bytesMax the keys unused for longest are forgotten past it */
export function createKnownUsers(bytesMax: number): KnownUsers {
  // A Map keeps the order of insertion: the first key is the one unused for longest.
  const known = new Map<string, UserSet>();
  let bytes = 0;
  const nameOf = ({ indexId, unit, type, slot }: IndexKey, generation: number) =>
    `${indexId}.${generation}${unit}${type} ${slot}`;

  return {
    unknown(key, generation, users) {
      const found = known.get(nameOf(key, generation));
      return found === undefined ? users : users.minus(found);
    },
    add(key, generation, users) {
      const name = nameOf(key, generation);
      const found = known.get(name);
      if (found === undefined) {
        known.set(name, users);
      } else {
        bytes -= found.bytes;
        found.add(users);
        known.delete(name);
        known.set(name, found);
      }
      bytes += (found ?? users).bytes;
      for (const [oldest, set] of known) {
        if (bytes <= bytesMax) break;
        bytes -= set.bytes;
        known.delete(oldest);
      }
    },
    clear() {
      known.clear();
      bytes = 0;
    },
  };
}
