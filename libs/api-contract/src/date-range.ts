import { addDays, daysBetween, localDateAt, type LocalDate } from '@event-analytics/calendar';
import type { ParameterProblem } from './parameter-problem.js';

/** Dates taken as parameters. After the last one 120 monthly windows still end before the year 9999. */
export const FIRST_DATE: LocalDate = '1900-01-01';
export const LAST_DATE: LocalDate = '9988-12-31';
/** Both ends counted. */
export const MAX_RANGE_DAYS = 3_660;
/** Of a time series by the hour, both ends counted. */
export const MAX_HOURLY_RANGE_DAYS = 92;
/** Both ends counted. */
export const DEFAULT_RANGE_DAYS = 30;

/** The rules of a range of dates, both of them given. */
export function rangeProblems(
  from: LocalDate,
  to: LocalDate,
  { maxDays = MAX_RANGE_DAYS, toWord = 'to' }: { maxDays?: number | undefined; toWord?: string } = {},
): ParameterProblem[] {
  const days = daysBetween(from, to) + 1;
  if (days < 1) {
    const message = `from (${from}) is after ${toWord} (${to}): send a from that is the same day or earlier.`;
    return [{ path: 'from', code: 'from_after_to', message }];
  }
  if (days <= maxDays) return [];
  const message = `from ${from} to ${toWord} ${to} are ${days} days, at most ${maxDays} are answered${maxDays < MAX_RANGE_DAYS ? ' by the hour' : ''}: ask for a shorter range.`;
  return [{ path: 'from', code: 'range_too_long', message }];
}

export type ResolvedRange =
  { ok: true; from: LocalDate; to: LocalDate } | { ok: false; errors: ParameterProblem[] };

/**
 * The range that a query means: `to` is by default the day it is in the zone at `nowMs` (milliseconds since
 * 1970), `from` 29 days before `to`. Both dates are inclusive, and at most `maxDays` (default 3,660).
 */
export function resolveRange(o: {
  from?: LocalDate | undefined;
  to?: LocalDate | undefined;
  timezone: string;
  nowMs: number;
  maxDays?: number | undefined;
}): ResolvedRange {
  const to = o.to ?? withinDates(localDateAt(o.timezone, o.nowMs));
  const from = o.from ?? withinDates(addDays(to, 1 - DEFAULT_RANGE_DAYS));
  const toWord = o.to === undefined ? `today in ${o.timezone}` : 'to';
  const errors = rangeProblems(from, to, { maxDays: o.maxDays, toWord });
  return errors.length > 0 ? { ok: false, errors } : { ok: true, from, to };
}

function withinDates(date: LocalDate): LocalDate {
  if (date < FIRST_DATE) return FIRST_DATE;
  return date > LAST_DATE ? LAST_DATE : date;
}
