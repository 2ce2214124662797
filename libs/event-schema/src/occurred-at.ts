import { END_OF_TIME_MS } from './limits.js';
import type { FieldProblem } from './problems.js';
import { quoteValue } from './quoting.js';

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/;
const FRACTION_AT = 19;
const OFFSET_LENGTH = '+01:00'.length;
const ZERO = 0x30;
// The Gregorian calendar repeats after 400 years, and Date.UTC takes the years 0–99 for 1900–1999.
const YEARS_400_MS = 146_097 * 86_400_000;
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const daysInMonth = (year: number, month: number): number => {
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeapYear ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0);
};

/** The number that these digits write; places past the end count as zeros. */
const digitsAt = (text: string, start: number, count: number, end = text.length): number => {
  let value = 0;
  for (let at = start; at < start + count; at += 1)
    value = value * 10 + (at < end ? text.charCodeAt(at) - ZERO : 0);
  return value;
};

/**
 * The instant of an RFC 3339 timestamp with an offset, in milliseconds since 1970; digits beyond
 * the third of the fraction are cut off. Undefined when it is not one, or not a date that exists.
 */
export const parseInstantMs = (text: string): number | undefined => {
  // Everything stands at a fixed place, so the form is tested first and the digits are read after.
  if (!RFC_3339.test(text)) return undefined;
  const isUtc = text.endsWith('Z') || text.endsWith('z');
  const offsetAt = text.length - (isUtc ? 1 : OFFSET_LENGTH);
  const year = digitsAt(text, 0, 4);
  const month = digitsAt(text, 5, 2);
  const day = digitsAt(text, 8, 2);
  const hour = digitsAt(text, 11, 2);
  const minute = digitsAt(text, 14, 2);
  const second = digitsAt(text, 17, 2);
  const millisecond = digitsAt(text, FRACTION_AT + 1, 3, offsetAt);
  const offsetHours = isUtc ? 0 : digitsAt(text, offsetAt + 1, 2);
  const offsetMinutes = isUtc ? 0 : digitsAt(text, offsetAt + 4, 2);
  if (day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const offsetMs = (text[offsetAt] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000;
  return Date.UTC(year + 400, month - 1, day, hour, minute, second, millisecond) - YEARS_400_MS - offsetMs;
};

// Of a real instant, this spelling is the one that toISOString would give again.
const isNormalised = (text: string) =>
  text.length === 24 && text[10] === 'T' && text[19] === '.' && text[23] === 'Z';

export type OccurredAt = { ok: true; iso: string } | { ok: false; problem: FieldProblem };

const rejected = (code: FieldProblem['code'], message: string): OccurredAt => ({
  ok: false,
  problem: { path: 'occurred_at', code, message: `occurred_at ${message}` },
});

/** The rules of occurred_at; `iso` is its one spelling, `YYYY-MM-DDTHH:mm:ss.SSSZ`. */
export const readOccurredAt = (
  text: string,
  o: { minOccurredAtMs: number; maxAgeMs: number; maxFutureMs: number },
  nowMs: number,
): OccurredAt => {
  const instantMs = parseInstantMs(text);
  if (instantMs === undefined) {
    return rejected(
      'invalid_timestamp',
      `is no RFC 3339 timestamp with an offset, or no date that exists: ${quoteValue(text)}; send one like "2024-01-31T23:59:59.999Z".`,
    );
  }
  const earliestMs = Math.max(o.minOccurredAtMs, nowMs - o.maxAgeMs);
  if (instantMs < earliestMs) {
    const earliest = new Date(earliestMs).toISOString();
    return rejected(
      'timestamp_too_old',
      `is before ${earliest}, the earliest taken now: ${quoteValue(text)}; check the client's clock and units.`,
    );
  }
  const latestMs = Math.min(nowMs + o.maxFutureMs, END_OF_TIME_MS - 1);
  if (instantMs > latestMs) {
    return rejected(
      'timestamp_in_future',
      `is after ${new Date(latestMs).toISOString()}, the latest taken now: ${quoteValue(text)}; check the client's clock and units.`,
    );
  }
  return { ok: true, iso: isNormalised(text) ? text : new Date(instantMs).toISOString() };
};
