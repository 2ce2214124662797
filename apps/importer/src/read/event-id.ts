import { uuidV5 } from './presets/uuid-v5.js';

/** Of event ids made from other fields. Never changed: the same file again has to give the same ids. */
const NAMESPACE = '7e0d7f7c-8f4d-5a0e-9d6b-2f6b0a4c1e35';

/** The id of what these texts tell apart: they are joined as a JSON array, so that ["a", "bc"] and ["ab", "c"] differ. */
export function eventIdOf(texts: readonly string[]): string {
  return uuidV5(NAMESPACE, JSON.stringify(texts));
}
