import type { ImportedDay } from '../queries/imported_days_count.js';
import { QUARTERS_PER_DAY } from '../quarter-counts.js';

/**
 * The days of the next step: from the first with something of the import on, as many as hold so many events of
 * everybody, at least one.
 * @param days in order, one of them at least with something of the import
 * @param o.to where they end, a bucket
 * @returns the first day; the bucket up to which nothing is left then; and how many events these days hold
 */
export function nextDays(
  days: readonly ImportedDay[],
  { eventsMax, to }: { eventsMax: number; to: number },
): { first: number; doneTo: number; events: number } {
  const from = days.findIndex(({ imported }) => imported > 0);
  const first = days[from]?.day ?? 0;
  let events = 0;
  for (const { day, events: ofDay } of days.slice(from)) {
    if (day > first && events + ofDay > eventsMax) return { first, doneTo: day * QUARTERS_PER_DAY, events };
    events += ofDay;
  }
  return { first, doneTo: to, events };
}
