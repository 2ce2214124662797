import { nativeUserSets, type RoaringBitmaps } from './native-user-sets.js';
import { portableUserSets } from './portable/portable-user-sets.js';
import type { UserSets } from './user-set.js';

/** 'auto': native where it is installed, else portable. */
export type UserSetsChoice = 'native' | 'portable' | 'auto';

/** Not a literal in the import: the compiler would ask for its types, and it is optional. */
const NATIVE_PACKAGE: string = 'roaring';

/**
 * @throws Error (rejects) when the choice is 'native' and the package roaring cannot be loaded
 */
export async function loadUserSets(choice: UserSetsChoice = 'auto'): Promise<UserSets> {
  if (choice === 'portable') return portableUserSets;
  try {
    return nativeUserSets(bitmapsIn(await import(NATIVE_PACKAGE)));
  } catch (cause) {
    if (choice === 'auto') return portableUserSets;
    throw new Error(
      `native user sets need the npm package roaring 2.7, compiled for this Node (${process.version} on ` +
        `${process.platform} ${process.arch}): install it with "npm install roaring@2.7", which needs a C++ ` +
        'compiler and Python where no binary is published, or choose portable ones',
      { cause },
    );
  }
}

/**
 * A CommonJS package has its exports as `default` when Node imports it, and by their names when a compiler
 * has made a require of the import.
 */
function bitmapsIn(module: unknown): RoaringBitmaps {
  for (const exported of [module, isObject(module) ? module['default'] : undefined])
    if (isObject(exported) && isRoaringBitmaps(exported['RoaringBitmap32']))
      return exported['RoaringBitmap32'];
  throw new Error('the package roaring exports no RoaringBitmap32');
}

function isRoaringBitmaps(value: unknown): value is RoaringBitmaps {
  return typeof value === 'function' && 'deserialize' in value && 'andNot' in value;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
