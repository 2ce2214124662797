import type { WritableEvent } from './events_insert.js';
import { BUCKET_MS, QUARTERS_PER_DAY } from '../quarter-counts.js';

/** A row of activity_log: see migration 0005. */
export interface ActivityRow {
  historical: boolean;
  events: number;
  activity: string;
}

/** Two days: what is older waits behind what is not, so that history does not make live events wait. */
export const HISTORICAL_AFTER_BUCKETS = 192;

const DAY_MS = 86_400_000;
const ZERO = '0'.charCodeAt(0);
/** Of an instant as Date.toISOString writes it. */
const DAY_LENGTH = '2024-03-04'.length;
const HOUR_AT = '2024-03-04T'.length;
const MINUTE_AT = '2024-03-04T10:'.length;
/** More types than a write can have events. */
const TYPES_MAX = 2 ** 20;

/** Of a quarter of an hour and type: the bucket, the type, and the user of each of its events. */
interface Line {
  bucket: number;
  text: string;
  events: number;
}

/**
 * What is to be logged of events that are all new: at most one row of history and one of the present.
 * @param events their instants as Date.toISOString writes them
 */
export function activityRows(events: readonly WritableEvent[], nowMs: number): ActivityRow[] {
  // By bucket and number of the type: a map of maps costs twice as much where events are thin on the ground.
  const lines = new Map<number, Line>();
  const types = new Map<string, number>();
  let day = '';
  let dayStart = 0;

  for (const { occurred_at, event_type, user_id } of events) {
    // Files are mostly in the order of time.
    if (day === '' || !occurred_at.startsWith(day)) {
      day = occurred_at.slice(0, DAY_LENGTH);
      dayStart = (Date.parse(day) / DAY_MS) * QUARTERS_PER_DAY;
    }
    const bucket =
      dayStart + twoDigits(occurred_at, HOUR_AT) * 4 + Math.floor(twoDigits(occurred_at, MINUTE_AT) / 15);
    let type = types.get(event_type);
    if (type === undefined) types.set(event_type, (type = types.size));
    const key = bucket * TYPES_MAX + type;
    const line = lines.get(key);
    if (line === undefined) {
      lines.set(key, { bucket, text: `${bucket}\t${event_type}\t${user_id}`, events: 1 });
    } else {
      line.text += `\t${user_id}`;
      line.events += 1;
    }
  }

  const historicalBefore = nowMs / BUCKET_MS - HISTORICAL_AFTER_BUCKETS;
  const all = [...lines.values()];
  return [true, false].flatMap((historical) => {
    const half = all.filter(({ bucket }) => bucket < historicalBefore === historical);
    const activity = half.map(({ text }) => text).join('\n');
    return half.length === 0
      ? []
      : [{ historical, events: half.reduce((sum, line) => sum + line.events, 0), activity }];
  });
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - ZERO) * 10 + text.charCodeAt(at + 1) - ZERO;
}
