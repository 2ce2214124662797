import { RawDataDroppedError } from '../errors.js';
import type { BucketRange } from '../queries/events_extent.js';
import { BUCKET_MS, QUARTERS_PER_DAY } from '../quarter-counts.js';
import { instant } from '../sql-text.js';
import { ANY_TYPE, EVERYTHING, NOTHING } from './index-key.js';
import { COUNTS, daysOfZone, type ActivityIndex } from './indexes.js';

/** Where events became fewer: a quarter of an hour and a type. */
export interface TouchedBucket {
  bucket: number;
  event_type: string;
}

/** The days of an index that are to be computed anew. */
export interface AffectedDays {
  index: ActivityIndex;
  /** The numbers of the types, by local day; of the counts, by UTC day. */
  types: ReadonlyMap<number, ReadonlySet<number>>;
  /** The day of a bucket that the index has, or is about to have; undefined where it has not. */
  dayOf: (bucket: number) => number | undefined;
  /** The buckets that the day lies in. */
  rangeOf: (day: number) => BucketRange;
}

/**
 * Which days and types of an index hold what was touched.
 * @param retainedFrom the bucket that events were dropped before
 * @throws RawDataDroppedError where one of them can't be counted anew
 */
export function affectedDays(
  index: ActivityIndex,
  touched: readonly TouchedBucket[],
  numbers: ReadonlyMap<string, number>,
  retainedFrom: number | undefined,
): AffectedDays {
  const { dayOf, rangeOf } = daysOfIndex(index, retainedFrom);
  const types = new Map<number, Set<number>>();
  for (const { bucket, event_type } of touched) {
    const day = dayOf(bucket);
    if (day === undefined) continue;
    let ofDay = types.get(day);
    if (ofDay === undefined) {
      checkRetained(index, rangeOf(day), retainedFrom);
      types.set(day, (ofDay = new Set(index.zone === COUNTS ? [] : [ANY_TYPE])));
    }
    ofDay.add(numbers.get(event_type) ?? ANY_TYPE);
  }
  return { index, types, dayOf, rangeOf };
}

/**
 * @throws RawDataDroppedError where the day that the bucket is in can't be counted anew: of what the index knows, some
 * was dropped from events
 */
export function checkCountable(index: ActivityIndex, bucket: number, retainedFrom: number | undefined): void {
  const { dayOf, rangeOf } = daysOfIndex(index, retainedFrom);
  const day = dayOf(bucket);
  if (day !== undefined) checkRetained(index, rangeOf(day), retainedFrom);
}

function checkRetained(
  { completeFrom }: ActivityIndex,
  day: BucketRange,
  retainedFrom: number | undefined,
): void {
  if (retainedFrom === undefined || day.from >= retainedFrom || completeFrom >= retainedFrom) return;
  throw new RawDataDroppedError(instant(retainedFrom * BUCKET_MS));
}

function daysOfIndex(
  { zone, builtBefore }: ActivityIndex,
  retainedFrom: number | undefined,
): Pick<AffectedDays, 'dayOf' | 'rangeOf'> {
  if (zone === COUNTS) {
    return {
      dayOf: (bucket) => (bucket < builtBefore ? Math.floor(bucket / QUARTERS_PER_DAY) : undefined),
      rangeOf: (day) => ({ from: day * QUARTERS_PER_DAY, to: (day + 1) * QUARTERS_PER_DAY }),
    };
  }
  const days = daysOfZone(zone);
  // A new index takes the day that the watermark is in from the one before it, with all that there was of it.
  const copiedTo =
    retainedFrom === undefined || builtBefore === NOTHING || builtBefore === EVERYTHING
      ? -Infinity
      : days.dayOfBucket(retainedFrom);
  return {
    dayOf(bucket) {
      const day = days.dayOfBucket(bucket);
      return bucket < builtBefore || day <= copiedTo ? day : undefined;
    },
    rangeOf: (day) => ({ from: days.firstBucketOf(day), to: days.firstBucketOf(day + 1) }),
  };
}
