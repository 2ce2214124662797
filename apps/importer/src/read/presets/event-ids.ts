import { isUuid } from '@event-analytics/event-schema';

import type { PresetName } from '../event-fields.js';
import { uuidV5 } from './uuid-v5.js';

/** Never changed: an export that is imported again has to have the ids that it had. */
const NAMESPACE = '6f1a0a56-3a4c-5b0e-9d55-3f0c7d1f8b21';

type Part = string | number | undefined;

/**
 * The event's id: the product's own where that is a UUID, so that it is found again in the product; else made of it
 * and of what the product itself tells events apart by.
 * @param id the product's own
 * @param within what has to be the same, beside the id, of two events that are one
 */
export function eventIdOf(preset: PresetName, id: string, within: readonly Part[]): string {
  return isUuid(id)
    ? id
    : uuidV5(NAMESPACE, JSON.stringify([preset, id, ...within.map((part) => part ?? null)]));
}

/** The id of an event that has none: made of all that is known of it. Two records that say the same are one event. */
export function eventIdOfWhole(preset: PresetName, record: Readonly<Record<string, unknown>>): string {
  return uuidV5(NAMESPACE, `${preset} ${canonicalJson(record)}`);
}

/** JSON with the keys of every object in one order: exports do not promise theirs. */
function canonicalJson(record: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(record, (_key, value: unknown) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
