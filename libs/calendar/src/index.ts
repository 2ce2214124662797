export {
  addDays,
  addMonths,
  dateOfDayNumber,
  dayNumber,
  daysBetween,
  isLocalDate,
  isoWeekStart,
  monthStart,
  type LocalDate,
} from './local-date.js';
export { isTimeZone } from './zone-offset.js';
export { dayPieces, localDateAt, type DayPiece } from './day-pieces.js';
export {
  periodsTouching,
  retentionWindows,
  type Period,
  type PeriodUnit,
  type WindowType,
} from './period.js';
export { isIndexable, quarterHourDays, type QuarterHourDays } from './quarter-hour-days.js';
export { eventIntervals, localHours, type EventInterval } from './local-hours.js';
export type { OffsetSpan } from './zone-transitions.js';
export { createLocalClock } from './local-clock.js';
