import { createBoundedCache } from './bounded-cache.js';
import { offsetSpans, type OffsetSpan } from './zone-transitions.js';

const DAY_MS = 86_400_000;
/** Days remembered; those of one zone's history. */
const DAYS_MAX = 20_000;

/**
 * The instant at which a zone's clock first showed a local time, itself written as ms since 1970 as if it were UTC.
 * Undefined for one that the clock skipped.
 * @throws RangeError for an unknown zone
 */
export function createLocalClock(zone: string): (localMs: number) => number | undefined {
  // No zone was ever further than 16 hours from UTC.
  const spansOf = createBoundedCache(DAYS_MAX, (day): OffsetSpan[] =>
    offsetSpans(zone, (Number(day) - 1) * DAY_MS, (Number(day) + 2) * DAY_MS),
  );
  spansOf('0');
  return (localMs) => {
    for (const { startMs, endMs, offsetMs } of spansOf(String(Math.floor(localMs / DAY_MS)))) {
      const instantMs = localMs - offsetMs;
      if (instantMs >= startMs && instantMs < endMs) return instantMs;
    }
    return undefined;
  };
}
