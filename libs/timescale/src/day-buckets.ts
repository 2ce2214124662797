import { addDays, dayPieces, daysBetween, type LocalDate } from '@event-analytics/calendar';
import { instant, instantArray, intArray } from './sql-text.js';

/** A span of local dates, both inclusive. */
export interface DateSpan {
  start: LocalDate;
  end: LocalDate;
}

/**
 * Which span of dates an instant falls into, as parameters of
 * `(ordinals::int[])[width_bucket(occurred_at, starts::timestamptz[])]`: the span's position,
 * BEFORE for earlier dates, `spans.length` for later ones. The calendar is asked for every stretch
 * of one date, so PostgreSQL's tz database is never.
 */
export interface DayBuckets {
  starts: string;
  ordinals: string;
  /** All instants of the spans are in [from, to), and where the clock went back over midnight, a few more. */
  from: string;
  to: string;
}

export const BEFORE = -1;

/** @param spans in order, without gaps between them */
export function dayBuckets(zone: string, spans: readonly DateSpan[]): DayBuckets {
  const first = spans[0]?.start ?? '';
  const last = spans.at(-1)?.end ?? '';
  const ordinalOfDay = spans.flatMap(({ start, end }, ordinal) =>
    Array.from({ length: daysBetween(start, end) + 1 }, () => ordinal),
  );
  // Two days more at both ends, so that a neighbouring date that shows inside of the range is seen.
  const stretches: { startMs: number; ordinal: number }[] = [{ startMs: -Infinity, ordinal: BEFORE }];
  let fromMs = Infinity;
  let toMs = -Infinity;
  for (const { startMs, endMs, date } of dayPieces(zone, addDays(first, -2), addDays(last, 2))) {
    const day = daysBetween(first, date);
    const ordinal = day < 0 ? BEFORE : (ordinalOfDay[day] ?? spans.length);
    if (stretches.at(-1)?.ordinal !== ordinal) stretches.push({ startMs, ordinal });
    if (ordinal >= 0 && ordinal < spans.length) {
      fromMs = Math.min(fromMs, startMs);
      toMs = Math.max(toMs, endMs);
    }
  }
  return {
    starts: instantArray(stretches.map(({ startMs }) => startMs)),
    ordinals: intArray(stretches.map(({ ordinal }) => ordinal)),
    // No instant at all (the zone skipped its only day): an empty range.
    from: instant(Number.isFinite(fromMs) ? fromMs : 0),
    to: instant(Number.isFinite(toMs) ? toMs : 0),
  };
}
