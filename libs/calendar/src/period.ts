import { createBoundedMap } from './bounded-cache.js';
import { dayPieces } from './day-pieces.js';
import {
  addDays,
  addMonths,
  dateOfDayNumber,
  dayNumber,
  isoWeekStart,
  monthStart,
  type LocalDate,
} from './local-date.js';

/** Whole local days from `start` to `end` inclusive. It is over at `asOf` when endMs ≤ asOf, begun when startMs ≤ asOf. */
export interface Period {
  readonly start: LocalDate;
  readonly end: LocalDate;
  /** Its first instant. */
  readonly startMs: number;
  /** The instant after its last. A day that the zone skipped is empty: startMs = endMs = when it was skipped. */
  readonly endMs: number;
}

export type PeriodUnit = 'day' | 'week' | 'month';
export type WindowType = 'daily' | 'weekly' | 'monthly';

/** The same ranges are asked for again and again, and each of their days costs a microsecond and 500 bytes of garbage. */
const known = createBoundedMap<readonly Period[]>(64);
/** What has more periods is worked out each time: what is remembered is a few megabytes at most. */
const REMEMBERED_PERIODS_MAX = 400;

function remembered(key: string, make: () => readonly Period[]): readonly Period[] {
  const found = known.get(key);
  if (found !== undefined) return found;
  const periods = make();
  if (periods.length <= REMEMBERED_PERIODS_MAX) known.set(key, periods);
  return periods;
}

/** The days, ISO weeks or calendar months that the range of dates touches, whole, in order. */
export function periodsTouching(
  zone: string,
  period: PeriodUnit,
  from: LocalDate,
  to: LocalDate,
): readonly Period[] {
  return remembered(`${zone} ${period} ${from} ${to}`, () => {
    const starts: LocalDate[] = [];
    let start = { day: from, week: isoWeekStart(from), month: monthStart(from) }[period];
    while (dayNumber(start) <= dayNumber(to)) {
      starts.push(start);
      start = { day: addDays(start, 1), week: addDays(start, 7), month: addMonths(start, 1) }[period];
    }
    return starts.length === 0 ? [] : periodsStarting(zone, [...starts, start]);
  });
}

/** `count` consecutive windows: days, spans of 7 days, or months; window k begins k spans after startDate. */
export function retentionWindows(
  zone: string,
  startDate: LocalDate,
  type: WindowType,
  count: number,
): readonly Period[] {
  return remembered(`${zone} ${type} ${startDate} ${String(count)}`, () => {
    const starts = Array.from({ length: count + 1 }, (_, k) =>
      type === 'monthly' ? addMonths(startDate, k) : addDays(startDate, type === 'weekly' ? 7 * k : k),
    );
    return count <= 0 ? [] : periodsStarting(zone, starts);
  });
}

/** The periods between consecutive starts; the last start ends the last period and begins none. */
function periodsStarting(zone: string, starts: LocalDate[]): Period[] {
  const days = starts.map(dayNumber);
  const spans = daySpans(zone, days[0] ?? 0, days.at(-1) ?? 0);
  const spanOf = (day: number) => spans[day - (days[0] ?? 0)] ?? { startMs: NaN, endMs: NaN };
  return days.slice(0, -1).map((day, k) => {
    const lastDay = (days[k + 1] ?? day) - 1;
    return {
      start: dateOfDayNumber(day),
      end: dateOfDayNumber(lastDay),
      startMs: spanOf(day).startMs,
      endMs: spanOf(lastDay).endMs,
    };
  });
}

/** First and last instant of each day of firstDay…lastDay. */
function daySpans(zone: string, firstDay: number, lastDay: number): { startMs: number; endMs: number }[] {
  const spans = new Map<number, { startMs: number; endMs: number }>();
  // Two days more than asked for: a skipped day is where the next one that exists begins.
  for (const piece of dayPieces(zone, dateOfDayNumber(firstDay), dateOfDayNumber(lastDay + 2))) {
    const day = dayNumber(piece.date);
    spans.set(day, { startMs: spans.get(day)?.startMs ?? piece.startMs, endMs: piece.endMs });
  }
  const inOrder: { startMs: number; endMs: number }[] = [];
  let nextStartMs = NaN;
  for (let day = lastDay + 2; day >= firstDay; day--) {
    const span = spans.get(day) ?? { startMs: nextStartMs, endMs: nextStartMs };
    nextStartMs = span.startMs;
    inOrder.push(span);
  }
  return inOrder.reverse();
}
