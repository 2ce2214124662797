import { dateOfDayNumber } from './local-date.js';
import { createBoundedCache } from './bounded-cache.js';
import { dayPieces } from './day-pieces.js';
import { offsetSpans } from './zone-transitions.js';

const QUARTER_MS = 900_000;
const DAY_MS = 86_400_000;
const QUARTERS_PER_DAY = 96;
/** Days remembered: a hundred years of one zone. */
const DAYS_MAX = 36_600;

/** Local days of instants that are known to the quarter of an hour. A bucket is floor(epoch seconds / 900). */
export interface QuarterHourDays {
  /**
   * The local day, in days since 1970-01-01, that all of the bucket lies in. NaN where the zone's clock
   * was not at a whole quarter then, so that a bucket can lie in two days, or where its date went back.
   */
  dayOfBucket(bucket: number): number;
  /** The first bucket that can lie in the local day or later. */
  firstBucketOf(day: number): number;
}

/** Zones remembered, and days asked for in each. */
const ZONES_MAX = 64;
const FIRST_BUCKETS_MAX = 1_000;

/** The days of a zone, with what was found out of them so far. @throws RangeError for an unknown zone */
export const quarterHourDays = createBoundedCache(ZONES_MAX, (zone): QuarterHourDays => {
  // Of a UTC day: where its local days begin. Nearly always one or two.
  const piecesOf = createBoundedCache(DAYS_MAX, (utcDay): { from: number; day: number }[] => {
    const startMs = Number(utcDay) * DAY_MS;
    if (!isIndexable(zone, startMs, startMs + DAY_MS)) return [{ from: -Infinity, day: NaN }];
    return dayPieces(zone, dateOfDayNumber(Number(utcDay) - 2), dateOfDayNumber(Number(utcDay) + 2))
      .filter((piece) => piece.endMs > startMs && piece.startMs < startMs + DAY_MS)
      .map((piece) => ({
        from: piece.startMs / QUARTER_MS,
        day: Date.parse(`${piece.date}T00:00:00Z`) / DAY_MS,
      }));
  });

  const firstBucketOf = createBoundedCache(FIRST_BUCKETS_MAX, (text): number => {
    const day = Number(text);
    const [first] = dayPieces(zone, dateOfDayNumber(day), dateOfDayNumber(day + 2));
    return Math.floor((first?.startMs ?? day * DAY_MS) / QUARTER_MS);
  });

  return {
    dayOfBucket(bucket) {
      const pieces = piecesOf(String(Math.floor(bucket / QUARTERS_PER_DAY)));
      let day = NaN;
      for (const piece of pieces) if (piece.from <= bucket) day = piece.day;
      return day;
    },
    firstBucketOf: (day) => firstBucketOf(String(day)),
  };
});

/**
 * Whether a zone's days can be counted by quarters of an hour in all of [startMs, endMs): its clock is at
 * whole quarters, and its date never goes back (as when 00:01 became 23:01: then the first event by
 * instant need not be of the first day).
 * @throws RangeError for an unknown zone
 */
export function isIndexable(zone: string, startMs: number, endMs: number): boolean {
  const spans = offsetSpans(zone, startMs - DAY_MS, endMs + DAY_MS);
  return spans.every((span, i) => {
    if (span.offsetMs % QUARTER_MS !== 0) return false;
    const before = spans[i - 1];
    if (before === undefined) return true;
    if (span.startMs % QUARTER_MS !== 0) return false;
    const dayAt = (ms: number, offsetMs: number) => Math.floor((ms + offsetMs) / DAY_MS);
    return dayAt(span.startMs, span.offsetMs) >= dayAt(span.startMs - 1, before.offsetMs);
  });
}
