/** What users did, to the quarter of an hour. Entry i of the four arrays is one (bucket, type, user) and its events. */
export interface ActivityEntries {
  /** floor(epoch seconds / 900) */
  buckets: readonly number[];
  event_types: readonly string[];
  user_ids: readonly string[];
  counts: readonly number[];
}

/** Those in the buckets [from, to). */
export function entriesWithin(
  entries: ActivityEntries,
  { from, to }: { from: number; to: number },
): ActivityEntries {
  const within = entries.buckets.flatMap((bucket, i) => (bucket >= from && bucket < to ? [i] : []));
  return {
    buckets: within.map((i) => entries.buckets[i] ?? 0),
    event_types: within.map((i) => entries.event_types[i] ?? ''),
    user_ids: within.map((i) => entries.user_ids[i] ?? ''),
    counts: within.map((i) => entries.counts[i] ?? 0),
  };
}

/** Those at the positions [start, end). */
export function entriesBetween(entries: ActivityEntries, start: number, end: number): ActivityEntries {
  return {
    buckets: entries.buckets.slice(start, end),
    event_types: entries.event_types.slice(start, end),
    user_ids: entries.user_ids.slice(start, end),
    counts: entries.counts.slice(start, end),
  };
}
