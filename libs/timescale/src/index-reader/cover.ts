import { firstDayOfMonth, monthOfDay, NOTHING } from '../indexer/index-key.js';

/** Rows of activity_users: the days or months first…last, inclusive. */
export interface SlotSpan {
  unit: 'd' | 'm';
  first: number;
  last: number;
}

/**
 * What is to be read for a range of days: whole months where they have rows of their own, and days around them.
 * @param first a day since 1970-01-01, or -Infinity
 * @param last inclusive, or Infinity
 * @param sealedBefore months before this one have rows
 */
export function coverOf(first: number, last: number, sealedBefore: number): SlotSpan[] {
  const firstMonth = first === -Infinity ? first : monthFrom(first);
  const lastMonth = Math.min(last === Infinity ? last : monthOfDay(last + 1) - 1, sealedBefore - 1);
  if (sealedBefore === NOTHING || firstMonth > lastMonth) return [{ unit: 'd', first, last }];
  const firstWhole = firstMonth === -Infinity ? first : firstDayOfMonth(firstMonth);
  const afterWhole = firstDayOfMonth(lastMonth + 1);
  const spans: SlotSpan[] = [{ unit: 'm', first: firstMonth, last: lastMonth }];
  if (first < firstWhole) spans.unshift({ unit: 'd', first, last: firstWhole - 1 });
  if (afterWhole <= last) spans.push({ unit: 'd', first: afterWhole, last });
  return spans;
}

/** The first month that begins on this day or later. */
function monthFrom(day: number): number {
  const month = monthOfDay(day);
  return firstDayOfMonth(month) === day ? month : month + 1;
}
