import { MONTH_AND_DAY } from './json-patterns.js';
import { END_OF_TIME_MS, type EventLimits } from './limits.js';

/** The texts `earliest` to `latest`, of those in the one spelling of an instant: they sort as their instants do. */
export interface InstantWindow {
  earliest: string;
  latest: string;
}

const SECOND_MS = 1_000;
const YEAR_1000_MS = Date.UTC(1000, 0, 1);
const EMPTY: InstantWindow = { earliest: '9', latest: '' };

const PLAIN_INSTANT = new RegExp(
  String.raw`^\d{4}-${MONTH_AND_DAY}T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$`,
);

/** True for nearly every instant in its one spelling that readOccurredAt takes now, and for nothing that it does not. */
export const isPlainInstant = (text: string, window: InstantWindow): boolean =>
  text >= window.earliest && text <= window.latest && PLAIN_INSTANT.test(text);

const windows = new WeakMap<EventLimits, { second: number; window: InstantWindow }>();

/**
 * What readOccurredAt takes now, but for a second at either end: so it is made once a second for each limits object.
 */
export const instantWindow = (limits: EventLimits, nowMs: number): InstantWindow => {
  const second = Math.floor(nowMs / SECOND_MS);
  const known = windows.get(limits);
  if (known?.second === second) return known.window;
  const window = makeWindow(limits, second * SECOND_MS);
  windows.set(limits, { second, window });
  return window;
};

const makeWindow = (limits: EventLimits, secondMs: number): InstantWindow => {
  const earliestMs = Math.max(limits.minOccurredAtMs, secondMs + SECOND_MS - limits.maxAgeMs, YEAR_1000_MS);
  const latestMs = Math.min(secondMs + limits.maxFutureMs, END_OF_TIME_MS - 1);
  return earliestMs <= latestMs
    ? { earliest: new Date(earliestMs).toISOString(), latest: new Date(latestMs).toISOString() }
    : EMPTY;
};
