import type { Sql } from '../database.js';
import {
  measureCounts,
  readCounts,
  readTypeNumber,
  type CountedDays,
  type StoredCounts,
} from '../queries/event_counts_read.js';
import type { EventCounts } from '../queries/event_counts_series.js';
import { readTotals } from '../queries/event_totals_read.js';
import { QUARTERS_PER_DAY } from '../quarter-counts.js';

const QUARTER_MS = 900_000;
const NOWHERE = -1;
/** Days and types that are read by one statement, unless a single day has more types. */
const ROWS_MAX = 20_000;

export interface EventSeriesQuery {
  /** In order, each of whole quarters of an hour. At least one. */
  intervals: readonly { startMs: number; endMs: number }[];
  eventType: string | undefined;
  limit: number;
}

/**
 * Events over time from the counts of quarters of an hour.
 * @param sql a transaction that sees one moment
 * @returns undefined where the counts are not ready, or lack some of the time
 */
export async function readEventSeries(
  sql: Sql,
  query: EventSeriesQuery,
): Promise<{ value: EventCounts; version: string } | undefined> {
  const { intervals, eventType } = query;
  const fromBucket = (intervals[0]?.startMs ?? 0) / QUARTER_MS;
  const toBucket = (intervals.at(-1)?.endMs ?? 0) / QUARTER_MS;
  const { index, types, incarnation } = await readTotals(sql, { fromBucket, toBucket, limit: query.limit });
  if (index === undefined || index.completeFrom > fromBucket) return undefined;
  const listed = eventType === undefined ? types : [await typeNamed(sql, eventType)];

  const total = intervals.map(() => 0);
  const counts = new Map(listed.map(({ type }) => [type, intervals.map(() => 0)]));
  const place = placeOfBuckets(intervals, fromBucket, toBucket);
  const days: CountedDays = {
    indexId: index.id,
    firstDay: Math.floor(fromBucket / QUARTERS_PER_DAY),
    lastDay: Math.ceil(toBucket / QUARTERS_PER_DAY) - 1,
    type: eventType === undefined ? undefined : listed[0]?.type,
  };
  const measured = await measureCounts(sql, days);
  for (const stretch of stretchesOf(measured.days)) {
    const whole = stretch.filter((day) => wholeIn(place, day) !== NOWHERE);
    const [firstDay = 0] = stretch;
    const stored = await readCounts(sql, { ...days, firstDay, lastDay: stretch.at(-1) ?? 0 }, whole);
    for (const row of stored) {
      addTo(total, row, place);
      const own = counts.get(row.type);
      if (own !== undefined) addTo(own, row, place);
    }
  }
  const series = listed.map(({ type, eventType: name }) => {
    const own = counts.get(type) ?? [];
    return { eventType: name, total: own.reduce((sum, count) => sum + count, 0), counts: own };
  });
  return {
    value: { total, series },
    version: `${index.id}.${index.generation}.${measured.version} ${incarnation}`,
  };
}

/** 0 where there is none: nothing is counted under that. */
async function typeNamed(sql: Sql, eventType: string): Promise<{ type: number; eventType: string }> {
  return { type: (await readTypeNumber(sql, eventType)) ?? 0, eventType };
}

type PlaceOfBucket = (bucket: number) => number;

/** The position of the interval that a bucket lies in, or NOWHERE. */
function placeOfBuckets(
  intervals: EventSeriesQuery['intervals'],
  fromBucket: number,
  toBucket: number,
): PlaceOfBucket {
  const places = new Int32Array(Math.max(0, toBucket - fromBucket)).fill(NOWHERE);
  intervals.forEach(({ startMs, endMs }, i) => {
    places.fill(i, startMs / QUARTER_MS - fromBucket, endMs / QUARTER_MS - fromBucket);
  });
  return (bucket) => places[bucket - fromBucket] ?? NOWHERE;
}

/** The interval that holds the whole UTC day, or NOWHERE; intervals leave no gaps. */
function wholeIn(place: PlaceOfBucket, day: number): number {
  const first = place(day * QUARTERS_PER_DAY);
  return first === place((day + 1) * QUARTERS_PER_DAY - 1) ? first : NOWHERE;
}

function addTo(counts: number[], { day, total, quarters }: StoredCounts, place: PlaceOfBucket): void {
  const add = (i: number, count: number): void => {
    if (i !== NOWHERE) counts[i] = (counts[i] ?? 0) + count;
  };
  if (quarters === undefined) add(wholeIn(place, day), total);
  else
    quarters.forEach((count, quarter) => {
      if (count > 0) add(place(day * QUARTERS_PER_DAY + quarter), count);
    });
}

/** Consecutive days with no more than ROWS_MAX rows. */
function stretchesOf(days: readonly { day: number; rows: number }[]): number[][] {
  const stretches: number[][] = [];
  let left = 0;
  for (const { day, rows } of days) {
    if (stretches.length === 0 || rows > left) {
      stretches.push([]);
      left = ROWS_MAX;
    }
    left -= rows;
    stretches.at(-1)?.push(day);
  }
  return stretches;
}
