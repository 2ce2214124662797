import type { QuarterHourDays } from '@event-analytics/calendar';
import { QUARTERS_PER_DAY } from '../quarter-counts.js';
import { countEventsOf, type ActivityEntries } from './activity.js';
import type { DayCounts } from './add-counts.js';
import { ANY_TYPE, EVERYTHING, isSealed, monthOfDay, NOTHING, type IndexKey } from './index-key.js';
import { daysOfZone, type ActivityIndex } from './indexes.js';

/** Entries with the numbers of their users. */
export interface NumberedEntries extends Pick<ActivityEntries, 'runs' | 'counts'> {
  /** By the positions of the entries. */
  users: Uint32Array;
}

/** Of one zone's index, what says where its users belong. */
export interface ZoneIndex {
  id: number;
  days: QuarterHourDays;
  /** Entries of this bucket or later are not taken. */
  builtBefore: number;
  /** Months that have rows of their own: those before it, and of it the types before sealedTypes. */
  sealedBefore: number;
  sealedTypes: number;
}

/** An index as though it had everything and no month of it was sealed: by which days are counted anew. */
export function daysAlone({ id, zone }: Pick<ActivityIndex, 'id' | 'zone'>): ZoneIndex {
  return { id, days: daysOfZone(zone), builtBefore: EVERYTHING, sealedBefore: NOTHING, sealedTypes: 0 };
}

export interface UserNumbers {
  key: IndexKey;
  /** In any order, repeated ones too. */
  numbers: number[];
}

interface DayGroup {
  day: number;
  byType: Map<number, number[]>;
}

/**
 * The users of each day, and of each sealed month, for each type and for any.
 * @returns undefined when a bucket lies where the zone's days cannot be told (see quarterHourDays)
 */
export function groupUsers(
  index: ZoneIndex,
  entries: readonly NumberedEntries[],
  types: ReadonlyMap<string, number>,
): UserNumbers[] | undefined {
  const days = new Map<number, DayGroup>();
  const dayOfBucket = new Map<number, DayGroup>();
  for (const { runs, users } of entries) {
    for (const { bucket, event_type, first, end } of runs) {
      if (bucket >= index.builtBefore) continue;
      let group = dayOfBucket.get(bucket);
      if (group === undefined) {
        const day = index.days.dayOfBucket(bucket);
        if (Number.isNaN(day)) return undefined;
        group = days.get(day) ?? { day, byType: new Map<number, number[]>() };
        days.set(day, group);
        dayOfBucket.set(bucket, group);
      }
      const ofType = numbersOf(group, types.get(event_type) ?? ANY_TYPE);
      const ofAny = numbersOf(group, ANY_TYPE);
      for (let i = first; i < end; i++) {
        const user = users[i] ?? 0;
        ofType.push(user);
        ofAny.push(user);
      }
    }
  }
  return keysOf(index, days.values());
}

function numbersOf({ byType }: DayGroup, type: number): number[] {
  let numbers = byType.get(type);
  if (numbers === undefined) byType.set(type, (numbers = []));
  return numbers;
}

function keysOf(index: ZoneIndex, days: Iterable<DayGroup>): UserNumbers[] {
  const found: UserNumbers[] = [];
  const months = new Map<string, UserNumbers>();
  for (const { day, byType } of days) {
    const month = monthOfDay(day);
    for (const [type, numbers] of byType) {
      found.push({ key: { indexId: index.id, unit: 'd', type, slot: day }, numbers });
      if (!isSealed(index, { month, type })) continue;
      const name = `${month} ${type}`;
      const known = months.get(name);
      if (known !== undefined) {
        known.numbers = known.numbers.concat(numbers);
        continue;
      }
      const monthly: UserNumbers = { key: { indexId: index.id, unit: 'm', type, slot: month }, numbers };
      months.set(name, monthly);
      found.push(monthly);
    }
  }
  return found;
}

/** The events of each UTC day and type, of buckets before `builtBefore`. */
export function groupCounts(
  builtBefore: number,
  entries: readonly Omit<NumberedEntries, 'users'>[],
  types: ReadonlyMap<string, number>,
): DayCounts[] {
  const days = new Map<number, Map<number, DayCounts>>();
  for (const { runs, counts } of entries) {
    for (const run of runs) {
      if (run.bucket >= builtBefore) continue;
      const day = Math.floor(run.bucket / QUARTERS_PER_DAY);
      let byType = days.get(day);
      if (byType === undefined) days.set(day, (byType = new Map<number, DayCounts>()));
      const type = types.get(run.event_type) ?? ANY_TYPE;
      let found = byType.get(type);
      if (found === undefined) byType.set(type, (found = { type, day, quarters: [] }));
      found.quarters.push(run.bucket - day * QUARTERS_PER_DAY, countEventsOf(run, counts));
    }
  }
  return [...days.values()].flatMap((byType) => [...byType.values()]);
}
