export {
  addDays,
  addMonths,
  dateOfDayNumber,
  dayNumber,
  daysBetween,
  isLocalDate,
  monthStart,
  type LocalDate,
} from './local-date.js';
export { isTimeZone } from './zone-offset.js';
export { dayPieces, localDateAt } from './day-pieces.js';
export {
  periodsTouching,
  retentionWindows,
  type Period,
  type PeriodUnit,
  type WindowType,
} from './period.js';
export { isIndexable, quarterHourDays, type QuarterHourDays } from './quarter-hour-days.js';
export { eventIntervals, type EventInterval } from './local-hours.js';
export { createLocalClock } from './local-clock.js';
