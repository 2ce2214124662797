/** A day or a month of an index and one type: what activity_users has rows of. */
export interface IndexKey {
  indexId: number;
  unit: 'd' | 'm';
  /** 0: any type. */
  type: number;
  /** A local day since 1970-01-01, or a month since January 1970. */
  slot: number;
}

export const ANY_TYPE = 0;

const FIRST_BUCKET = -2_147_483_648;
const LAST_BUCKET = 2_147_483_647;
/** built_before of an index that has everything; complete_from of one that lacks nothing; sealed_before of none. */
export const EVERYTHING = LAST_BUCKET;
export const NOTHING = FIRST_BUCKET;

/** Whether the month of a type has rows of its own. */
export function isSealed(
  index: { sealedBefore: number; sealedTypes: number },
  { month, type }: { month: number; type: number },
): boolean {
  return month < index.sealedBefore || (month === index.sealedBefore && type < index.sealedTypes);
}

/** The month, since January 1970, of a day since 1970-01-01. */
export function monthOfDay(day: number): number {
  const date = new Date(day * 86_400_000);
  return (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
}

/** The first day of a month. */
export function firstDayOfMonth(month: number): number {
  return Date.UTC(1970, month, 1) / 86_400_000;
}
