import type { ActivityEntries, ActivityRun } from '../indexer/activity.js';
import { namesOf, textOf } from '../indexer/names.js';
import type { Sql } from '../database.js';

/** The columns of activityColumns, as bytes: NULL is null. */
export type ActivityColumns = readonly (Uint8Array | null)[];

/**
 * What is read of a row: `activity`, or else the four arrays as JSON, for the driver would take PostgreSQL's own apart
 * letter by letter. See migration 0005. To be read raw.
 */
export function activityColumns(sql: Sql) {
  return sql`events, activity, array_to_json(buckets), array_to_json(event_types), array_to_json(user_ids),
    array_to_json(counts)`;
}

const TAB = 9;
const NEWLINE = 10;

/** @throws RangeError when the text is not of that form */
export function entriesOfLogRow(columns: ActivityColumns): ActivityEntries {
  const [events = null, activity = null, buckets = null, eventTypes = null, userIds = null, counts = null] =
    columns;
  if (activity !== null) return entriesOfText(activity, Number(jsonOf(events)));
  return entriesOfArrays({
    buckets: jsonOf(buckets) as number[],
    event_types: jsonOf(eventTypes) as string[],
    user_ids: jsonOf(userIds) as string[],
    counts: jsonOf(counts) as number[],
  });
}

export interface ActivityArrays {
  buckets: readonly number[];
  event_types: readonly string[];
  user_ids: readonly string[];
  counts: readonly number[];
}

/** Entry i is what stands in each of them at i. */
export function entriesOfArrays({ buckets, event_types, user_ids, counts }: ActivityArrays): ActivityEntries {
  const runs: ActivityRun[] = [];
  let run: ActivityRun | undefined;
  for (let i = 0; i < buckets.length; i++) {
    const bucket = buckets[i] ?? 0;
    const event_type = event_types[i] ?? '';
    if (run === undefined || run.bucket !== bucket || run.event_type !== event_type)
      runs.push((run = { bucket, event_type, first: i, end: i }));
    run.end = i + 1;
  }
  return { runs, users: namesOf(user_ids), counts };
}

/** Names are found byte by byte, in a third of the time that texts of them take, and nothing is to be collected later. */
function entriesOfText(bytes: Uint8Array, events: number): ActivityEntries {
  const runs: ActivityRun[] = [];
  const bounds = new Uint32Array(2 * events);
  let users = 0;
  for (let start = 0; start <= bytes.length;) {
    const bucketEnd = fieldEnd(bytes, start);
    const typeEnd = fieldEnd(bytes, bucketEnd + 1);
    const bucket = Number(textOf(bytes, start, bucketEnd));
    const event_type = textOf(bytes, bucketEnd + 1, typeEnd);
    const first = users;
    let end = typeEnd;
    while (bytes[end] === TAB) {
      bounds[2 * users] = end + 1;
      end = fieldEnd(bytes, end + 1);
      bounds[2 * users + 1] = end;
      users++;
    }
    if (!Number.isInteger(bucket) || users === first) throw anotherForm();
    runs.push({ bucket, event_type, first, end: users });
    start = end + 1;
  }
  if (users !== events) throw anotherForm();
  return { runs, users: { bytes, bounds }, counts: undefined };
}

function fieldEnd(bytes: Uint8Array, start: number): number {
  let end = start;
  while (end < bytes.length && bytes[end] !== TAB && bytes[end] !== NEWLINE) end++;
  return end;
}

function anotherForm(): RangeError {
  return new RangeError('activity_log holds a text of another form');
}

function jsonOf(bytes: Uint8Array | null): unknown {
  return bytes === null ? null : JSON.parse(textOf(bytes, 0, bytes.length));
}
