import type { UserSets } from '../user-set.js';
import { FEW_MAX, fewOf } from './few.js';
import { keyedOfNumbers } from './of-numbers.js';
import { PortableUserSet } from './portable-user-set.js';
import { readBytes } from './read-bytes.js';

/** Sets in plain TypeScript, for wherever native ones could not be installed. */
export const portableUserSets: UserSets = {
  kind: 'portable',
  empty: () => new PortableUserSet([]),
  of: (numbers) => new PortableUserSet(numbers.length > FEW_MAX ? keyedOfNumbers(numbers) : fewOf(numbers)),
  fromBytes: (bytes) => new PortableUserSet(readBytes(bytes)),
};
