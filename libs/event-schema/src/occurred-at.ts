import { END_OF_TIME_MS } from './limits.js';
import type { FieldProblem } from './problems.js';
import { quoteValue } from './quoting.js';

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;
// The Gregorian calendar repeats after 400 years, and Date.UTC takes the years 0–99 for 1900–1999.
const YEARS_400_MS = 146_097 * 86_400_000;

const daysInMonth = (year: number, month: number): number =>
  new Date(Date.UTC(year + 400, month, 0)).getUTCDate();

/**
 * The instant of an RFC 3339 timestamp with an offset, in milliseconds since 1970; digits beyond
 * the third of the fraction are cut off. Undefined when it is not one, or not a date that exists.
 */
export const parseInstantMs = (text: string): number | undefined => {
  const match = RFC_3339.exec(text);
  if (!match) return undefined;
  const [year, month, day, hour, minute, second] = [1, 2, 3, 4, 5, 6].map((group) =>
    Number(match[group]),
  ) as [number, number, number, number, number, number];
  const offsetHours = Number(match[9] ?? 0);
  const offsetMinutes = Number(match[10] ?? 0);
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return undefined;
  const millisecond = Number((match[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const offsetMs = (match[8] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes) * 60_000;
  return Date.UTC(year + 400, month - 1, day, hour, minute, second, millisecond) - YEARS_400_MS - offsetMs;
};

export type OccurredAt = { ok: true; iso: string } | { ok: false; problem: FieldProblem };

const rejected = (code: FieldProblem['code'], message: string): OccurredAt => ({
  ok: false,
  problem: { path: 'occurred_at', code, message: `occurred_at ${message}` },
});

/** The rules of occurred_at; `iso` is its one spelling, `YYYY-MM-DDTHH:mm:ss.SSSZ`. */
export const readOccurredAt = (
  text: string,
  o: { minOccurredAtMs: number; maxFutureMs: number; nowMs: number },
): OccurredAt => {
  const instantMs = parseInstantMs(text);
  if (instantMs === undefined) {
    return rejected(
      'invalid_timestamp',
      `is no RFC 3339 timestamp with an offset, or no date that exists: ${quoteValue(text)}; send one like "2024-01-31T23:59:59.999Z".`,
    );
  }
  if (instantMs < o.minOccurredAtMs) {
    const earliest = new Date(o.minOccurredAtMs).toISOString();
    return rejected(
      'timestamp_too_old',
      `is before ${earliest}, the earliest taken: ${quoteValue(text)}; check the client's clock and units.`,
    );
  }
  const latestMs = Math.min(o.nowMs + o.maxFutureMs, END_OF_TIME_MS - 1);
  if (instantMs > latestMs) {
    return rejected(
      'timestamp_in_future',
      `is after ${new Date(latestMs).toISOString()}, the latest taken now: ${quoteValue(text)}; check the client's clock and units.`,
    );
  }
  return { ok: true, iso: new Date(instantMs).toISOString() };
};
