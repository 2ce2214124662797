import { dateOfDayNumber, dayNumber, type LocalDate } from './local-date.js';
import { zoneOffsetMs } from './zone-offset.js';
import { offsetSpans } from './zone-transitions.js';

const DAY_MS = 86_400_000;
/** No zone was ever further than 16 hours from UTC. */
const MARGIN_MS = DAY_MS;

/** A stretch of time, [startMs, endMs), in which the zone's calendar shows one date. */
export interface DayPiece {
  startMs: number;
  endMs: number;
  date: LocalDate;
}

/** The date that the zone's calendar shows at an instant. @throws RangeError for an unknown zone */
export function localDateAt(zone: string, instantMs: number): LocalDate {
  return dateOfDayNumber(Math.floor((instantMs + zoneOffsetMs(zone, instantMs)) / DAY_MS));
}

/**
 * The maximal stretches of one local date whose dates are in `from`…`toInclusive`, ordered by time.
 * A day is usually one piece; where the clock goes back over midnight (St John's, 00:01 → 23:01)
 * it is two with a piece of its neighbour between, and a day that a zone skipped has none.
 * @throws RangeError for an unknown zone or something that is no date
 */
export function dayPieces(zone: string, from: LocalDate, toInclusive: LocalDate): DayPiece[] {
  const first = dayNumber(from);
  const last = dayNumber(toInclusive);
  const pieces: { startMs: number; endMs: number; day: number }[] = [];
  if (last < first) return [];
  for (const span of offsetSpans(zone, first * DAY_MS - MARGIN_MS, (last + 1) * DAY_MS + MARGIN_MS)) {
    let startMs = span.startMs;
    while (startMs < span.endMs) {
      const day = Math.floor((startMs + span.offsetMs) / DAY_MS);
      const endMs = Math.min((day + 1) * DAY_MS - span.offsetMs, span.endMs);
      const previous = pieces.at(-1);
      if (previous?.day === day && previous.endMs === startMs) previous.endMs = endMs;
      else pieces.push({ startMs, endMs, day });
      startMs = endMs;
    }
  }
  return pieces
    .filter(({ day }) => day >= first && day <= last)
    .map(({ startMs, endMs, day }) => ({ startMs, endMs, date: dateOfDayNumber(day) }));
}
