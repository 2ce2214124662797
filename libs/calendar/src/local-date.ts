/** A calendar day as `YYYY-MM-DD` (proleptic Gregorian), without a zone. */
export type LocalDate = string;

const DAY_MS = 86_400_000;
const DATE_PATTERN = /^\d{4}-\d{2}-\d{2}$/;

/** Is it a day that exists, written `YYYY-MM-DD`, of the years 1 to 9999? */
export function isLocalDate(text: string): boolean {
  if (!DATE_PATTERN.test(text) || text < '0001') return false;
  const ms = Date.parse(`${text}T00:00:00Z`);
  // V8 reads 02-30 as 03-01: what is written back has to be what was read.
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
}

/** A statistic asks for the same few hundred days again and again, and each costs a microsecond. */
const REMEMBERED_MAX = 20_000;
const numberOfDate = new Map<LocalDate, number>();
const dateOfNumber = new Map<number, LocalDate>();

function remember<K, V>(known: Map<K, V>, key: K, value: V): V {
  if (known.size >= REMEMBERED_MAX) known.clear();
  known.set(key, value);
  return value;
}

/** Days since 1970-01-01. @throws RangeError if it is no date. */
export function dayNumber(date: LocalDate): number {
  const known = numberOfDate.get(date);
  if (known !== undefined) return known;
  const ms = Date.parse(`${date}T00:00:00Z`);
  if (Number.isNaN(ms)) throw new RangeError(`not a date: ${date}`);
  return remember(numberOfDate, date, ms / DAY_MS);
}

/** The inverse of dayNumber. Years past 9999 come out as ISO's `+010000-01-01`. */
export function dateOfDayNumber(day: number): LocalDate {
  return (
    dateOfNumber.get(day) ??
    remember(dateOfNumber, day, new Date(day * DAY_MS).toISOString().replace(/T.*/, ''))
  );
}

export function addDays(date: LocalDate, days: number): LocalDate {
  return dateOfDayNumber(dayNumber(date) + days);
}

/** The same day of the month so many months on; the month's last day where it has no such day. */
export function addMonths(date: LocalDate, months: number): LocalDate {
  const at = new Date(dayNumber(date) * DAY_MS);
  const day = at.getUTCDate();
  at.setUTCDate(1);
  at.setUTCMonth(at.getUTCMonth() + months);
  const first = at.getTime() / DAY_MS;
  at.setUTCMonth(at.getUTCMonth() + 1);
  const daysInMonth = at.getTime() / DAY_MS - first;
  return dateOfDayNumber(first + Math.min(day, daysInMonth) - 1);
}

/** How many days b is after a. */
export function daysBetween(a: LocalDate, b: LocalDate): number {
  return dayNumber(b) - dayNumber(a);
}

/** The Monday of its ISO week. */
export function isoWeekStart(date: LocalDate): LocalDate {
  const day = dayNumber(date);
  // Day 0, 1970-01-01, was a Thursday; the double modulo is for days before it.
  return dateOfDayNumber(day - ((((day + 3) % 7) + 7) % 7));
}

/** The 1st of its month. */
export function monthStart(date: LocalDate): LocalDate {
  return date.replace(/\d{2}$/, '01');
}
