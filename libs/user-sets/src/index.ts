export { loadUserSets, type UserSetsChoice } from './load-user-sets.js';
export { portableUserSets } from './portable/portable-user-sets.js';
export type { UserSet, UserSets } from './user-set.js';
