import type { UserSets } from '../user-set.js';
import { ofNumbers } from './of-numbers.js';
import { PortableUserSet } from './portable-user-set.js';
import { readBytes } from './read-bytes.js';

/** Sets in plain TypeScript, for wherever native ones could not be installed. */
export const portableUserSets: UserSets = {
  kind: 'portable',
  empty: () => new PortableUserSet({ keys: [], containers: [] }),
  of: (numbers) => new PortableUserSet(ofNumbers(numbers)),
  fromBytes: (bytes) => new PortableUserSet(readBytes(bytes)),
};
