import { createBoundedCache } from './bounded-cache.js';
import { zoneOffsetMs } from './zone-offset.js';

const PROBE_MS = 12 * 3_600_000;
/** 64 zones over 100 years; an entry holds a handful of numbers. */
const YEARS_MAX = 6_400;

/** A span of one offset: [startMs, endMs). */
export interface OffsetSpan {
  startMs: number;
  endMs: number;
  offsetMs: number;
}

interface Transition {
  /** The first instant at the new offset. */
  atMs: number;
  offsetMs: number;
}

/** Intl tells offsets but not when they change: probed twice a day, then bisected to the second. */
const transitionsOfYear = createBoundedCache(YEARS_MAX, (key): Transition[] => {
  const space = key.indexOf(' ');
  const year = Number(key.slice(0, space));
  const zone = key.slice(space + 1);
  const found: Transition[] = [];
  const endMs = utcYearStart(year + 1);
  let fromMs = utcYearStart(year);
  let before = zoneOffsetMs(zone, fromMs);
  while (fromMs < endMs) {
    const toMs = Math.min(fromMs + PROBE_MS, endMs);
    const after = zoneOffsetMs(zone, toMs);
    if (after !== before) found.push({ atMs: bisect(zone, fromMs, toMs, before), offsetMs: after });
    fromMs = toMs;
    before = after;
  }
  return found;
});

/** The spans of one offset that cover [startMs, endMs), in order and without gaps. */
export function offsetSpans(zone: string, startMs: number, endMs: number): OffsetSpan[] {
  const spans: OffsetSpan[] = [];
  let current = { startMs, offsetMs: zoneOffsetMs(zone, startMs) };
  for (let year = utcYear(startMs); year <= utcYear(endMs); year++) {
    for (const { atMs, offsetMs } of transitionsOfYear(`${year} ${zone}`)) {
      if (atMs <= startMs || atMs >= endMs) continue;
      spans.push({ startMs: current.startMs, endMs: atMs, offsetMs: current.offsetMs });
      current = { startMs: atMs, offsetMs };
    }
  }
  spans.push({ startMs: current.startMs, endMs, offsetMs: current.offsetMs });
  return spans;
}

/** The first whole second in (fromMs, toMs] whose offset is not `before`. */
function bisect(zone: string, fromMs: number, toMs: number, before: number): number {
  let low = fromMs / 1000;
  let high = toMs / 1000;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zoneOffsetMs(zone, middle * 1000) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}

function utcYear(ms: number): number {
  return new Date(ms).getUTCFullYear();
}

/** Date.UTC takes the years 0 to 99 for 1900 to 1999. */
function utcYearStart(year: number): number {
  return new Date(0).setUTCFullYear(year, 0, 1);
}
