import { dayNumber, type LocalDate } from './local-date.js';
import { periodsTouching } from './period.js';
import { offsetSpans, type OffsetSpan } from './zone-transitions.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What events are counted over in a time series. */
export interface EventInterval {
  /** Its first instant. */
  startMs: number;
  /** The instant after its last. A day that the zone skipped is empty. */
  endMs: number;
  /** `2024-03-10` for a day, `2024-03-10T01:00:00-05:00` for an hour. */
  label: string;
}

/**
 * The maximal stretches, [startMs, endMs), in which the zone's clock shows one date of `from`…`to` (inclusive)
 * and one hour without a jump, ordered by time. A day of 25 hours has 25. Where the clock jumps within an
 * hour (Lord Howe, by half of one) a stretch is shorter; where it goes back over midnight, a stretch of
 * another date may lie between two.
 * @throws RangeError for an unknown zone or something that is no date
 */
export function localHours(zone: string, from: LocalDate, to: LocalDate): OffsetSpan[] {
  const fromLocalMs = dayNumber(from) * DAY_MS;
  const toLocalMs = (dayNumber(to) + 1) * DAY_MS;
  if (toLocalMs <= fromLocalMs) return [];
  const hours: OffsetSpan[] = [];
  // No zone was ever further than 16 hours from UTC.
  for (const { startMs, endMs, offsetMs } of offsetSpans(zone, fromLocalMs - DAY_MS, toLocalMs + DAY_MS)) {
    const lastMs = Math.min(endMs + offsetMs, toLocalMs);
    let localMs = Math.max(startMs + offsetMs, fromLocalMs);
    while (localMs < lastMs) {
      const nextMs = Math.min((Math.floor(localMs / HOUR_MS) + 1) * HOUR_MS, lastMs);
      hours.push({ startMs: localMs - offsetMs, endMs: nextMs - offsetMs, offsetMs });
      localMs = nextMs;
    }
  }
  return hours;
}

/**
 * The days or hours of a time series of events, in order. Where a clock goes back over midnight a day is two
 * stretches, and what is between them is in [startMs, endMs) without being of the day.
 * @throws RangeError for an unknown zone or something that is no date
 */
export function eventIntervals(
  zone: string,
  from: LocalDate,
  to: LocalDate,
  interval: 'hour' | 'day',
): EventInterval[] {
  if (interval === 'hour') {
    return localHours(zone, from, to).map(({ startMs, endMs, offsetMs }) => ({
      startMs,
      endMs,
      label: localInstant(startMs, offsetMs),
    }));
  }
  return periodsTouching(zone, 'day', from, to).map(({ start, startMs, endMs }) => ({
    startMs,
    endMs,
    label: start,
  }));
}

/**
 * RFC 3339 knows offsets of whole minutes only. Another is written as the next higher one, with the time to
 * match: the instant is right, and so are its date and hour.
 */
function localInstant(instantMs: number, offsetMs: number): string {
  const minutes = Math.ceil(offsetMs / MINUTE_MS);
  const local = new Date(instantMs + minutes * MINUTE_MS)
    .toISOString()
    .slice(0, 'YYYY-MM-DDTHH:mm:ss'.length);
  const digits = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const size = Math.abs(minutes);
  return `${local}${minutes < 0 ? '-' : '+'}${digits(size / 60)}:${digits(size % 60)}`;
}
