import { createRequire } from 'node:module';
import { nativeUserSets, type RoaringBitmaps } from '../src/native-user-sets.js';
import { portableUserSets, type UserSets } from '../src/index.js';

/** Loaded at once, not by loadUserSets: Jest has to know what to skip before the first test. */
export const native = loadNative();

export const describeNative = native === undefined ? describe.skip : describe;

/** Runs the same tests on both kinds; those of the native one show as skipped where it is not installed. */
export function describeKinds(title: string, tests: (sets: UserSets) => void): void {
  describe(`${title}, portable`, () => tests(portableUserSets));
  const missing = native === undefined ? ' (the package roaring is not installed)' : '';
  describeNative(`${title}, native${missing}`, () => tests(native ?? portableUserSets));
}

function loadNative(): UserSets | undefined {
  try {
    const roaring = createRequire(__filename)('roaring') as { RoaringBitmap32: RoaringBitmaps };
    return nativeUserSets(roaring.RoaringBitmap32);
  } catch {
    return undefined;
  }
}
