import { createBoundedCache } from './bounded-cache.js';

const FORMATTERS_MAX = 64;
const ZONE_NAME_LENGTH_MAX = 64;

/** The three-letter names that are the tz database's; Intl also knows Java's, where IST is Kolkata's. */
const SHORT_NAMES = new Set('CET EET EST GMT HST MET MST PRC ROC ROK UCT UTC WET'.split(' '));

/** Before 1800 every zone is at its first local mean time; years of one digit would need an era. */
const FIRST_INSTANT_MS = Date.UTC(1800, 0, 1);

const formatterOf = createBoundedCache(
  FORMATTERS_MAX,
  (zone) =>
    new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
    }),
);

/** Is it a name of the tz database that Intl knows? Offsets (`+01:00`) and Java's short names are not. */
export function isTimeZone(name: string): boolean {
  if (name.length > ZONE_NAME_LENGTH_MAX || !/^[A-Za-z]/.test(name) || /^SystemV\//i.test(name)) return false;
  if (/^[a-z]{3}$/i.test(name) && !SHORT_NAMES.has(name.toUpperCase())) return false;
  try {
    formatterOf(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * Local time minus UTC, in ms; whole seconds (local mean times have them).
 * @throws RangeError for a zone that Intl does not know
 */
export function zoneOffsetMs(zone: string, instantMs: number): number {
  const second = Math.floor(Math.max(instantMs, FIRST_INSTANT_MS) / 1000) * 1000;
  const text = formatterOf(zone).format(second); // MM/DD/YYYY, HH:MM:SS
  const digits = (at: number, length: number) => Number(text.substring(at, at + length));
  const clock = text.indexOf(', ') + 2;
  const local = Date.UTC(
    digits(6, clock - 8),
    digits(0, 2) - 1,
    digits(3, 2),
    digits(clock, 2),
    digits(clock + 3, 2),
    digits(clock + 6, 2),
  );
  return local - second;
}
