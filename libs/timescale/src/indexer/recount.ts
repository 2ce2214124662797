import { dateOfDayNumber } from '@event-analytics/calendar';
import type { UserSet, UserSets } from '@event-analytics/user-sets';
import { unlessLocked } from '../classify-error.js';
import type { Database, Sql } from '../database.js';
import { DatabaseError } from '../errors.js';
import { activityOfEvents } from '../queries/activity_of_events.js';
import { peekActivityLog } from '../queries/activity_log_peek.js';
import { eventsExtent, type BucketRange } from '../queries/events_extent.js';
import { retainedFromBucket } from '../queries/retained_from_read.js';
import { BUCKET_MS, decodeQuarterCounts, QUARTERS_PER_DAY } from '../quarter-counts.js';
import { instant, textArray } from '../sql-text.js';
import { recordedStorage, type StorageKind } from '../storage.js';
import { countEvents, entriesWithin, type ActivityEntries } from './activity.js';
import { daysAlone, groupCounts, groupUsers, type NumberedEntries } from './group-activity.js';
import { ANY_TYPE, EVERYTHING, firstDayOfMonth, monthOfDay, NOTHING } from './index-key.js';
import { COUNTS, daysOfZone, liveIndexes, type ActivityIndex } from './indexes.js';
import { nameAt } from './names.js';
import { createStepSize } from './step-size.js';

const LOG_ROWS_MAX = 2_000;
const STEP_MS = 500;
/** Then it looks whether it is still wanted. */
const LOCK_WAIT_MS = 2_000;
/** Past all numbers that users are given. */
const FIRST_TEMPORARY = 2_147_483_648;
const PAST_ALL_TYPES = 2_147_483_647;
const DIFFERENCES_MAX = 1_000;

/** A number of the index that is not what the events say. */
export interface Difference {
  /** IANA name; empty for counts of events, which are by UTC day. */
  zone: string;
  statistic: 'users of a day' | 'users of a month' | 'events of a day';
  /** `YYYY-MM-DD`, or `YYYY-MM`. */
  date: string;
  /** Undefined: of any type. */
  eventType: string | undefined;
  index: number;
  events: number;
}

export interface Recount {
  /** Days, months and counts that were compared, each by type. */
  compared: number;
  /** How many differ. */
  differing: number;
  /** The first thousand of them. */
  differences: Difference[];
  /** Events that were counted anew, each once, though every index has them read again: the most that one was compared with. */
  events: number;
  /** Where events begin that can be counted anew: those of before were dropped. Undefined: with the first. */
  retainedFrom: string | undefined;
  /** Zones that were compared to the end. */
  zones: string[];
  /** Those that were not, for their first index is still being built. Empty: the counts of events. */
  notReady: string[];
  /** Those that were not, for they have none: events lie where their days cannot be told. */
  refused: string[];
  /** It was stopped before the end. */
  interrupted: boolean;
}

export interface RecountOptions {
  onProgress?: (share: number) => void;
  /** Aborted: ends after the step in hand, with what was found until then. */
  signal?: AbortSignal;
}

/**
 * Counts everything anew from events and compares it with the index: the users of every day and sealed
 * month by type, one by one and not only how many, and the events of every quarter of an hour. All
 * statistics are made of these. One snapshot: ingest and folding go on; what is in the log and not folded yet counts
 * as the index's. Until the end no partition or chunk is dropped and none is compressed: who begins to compress one
 * waits, and so do writes of late events into that one, behind it; nobody who reads.
 * @throws DatabaseError index_behind when more waits in the log than can be looked through
 */
export async function recount(db: Database, userSets: UserSets, o: RecountOptions = {}): Promise<Recount> {
  const storage = await db.run(recordedStorage);
  for (;;) {
    const result = await db
      .transaction(
        async (sql) => {
          await lockEvents(sql, storage);
          return await compareAll(sql, userSets, o);
        },
        {
          readOnly: true,
          repeatableRead: true,
          statementTimeoutMs: 0,
          answerTimeoutMs: Infinity,
          lockTimeoutMs: LOCK_WAIT_MS,
        },
      )
      .catch(unlessLocked);
    if (result !== undefined) return result;
    if (o.signal?.aborted) return NOTHING_COMPARED;
  }
}

/**
 * Before the snapshot, and with all partitions, which reading takes more locks of. An older snapshot misses what came late
 * into a chunk and TimescaleDB compresses meanwhile. ROW SHARE has that wait before it has a lock of its own, on which those
 * who only read would wait as well; it asks for the right to change the table. Where nothing is compressed SELECT will do.
 * @throws 55P03 (lock_not_available) a chunk is being compressed, which may take long
 */
async function lockEvents(sql: Sql, storage: StorageKind | undefined): Promise<void> {
  if (storage === 'timescaledb') await sql`LOCK TABLE events IN ROW SHARE MODE`;
  else await sql`LOCK TABLE events IN ACCESS SHARE MODE`;
  await sql`SET LOCAL lock_timeout = 0`;
}

const NOTHING_COMPARED: Recount = {
  compared: 0,
  differing: 0,
  differences: [],
  events: 0,
  retainedFrom: undefined,
  zones: [],
  notReady: [],
  refused: [],
  interrupted: true,
};

async function compareAll(
  sql: Sql,
  userSets: UserSets,
  { onProgress, signal }: RecountOptions,
): Promise<Recount> {
  const indexes = await liveIndexes(sql);
  const ready = indexes.filter(({ state }) => state === 'ready');
  const others = (zones: Iterable<string>) =>
    [...new Set(zones)].filter((zone) => !ready.some((index) => index.zone === zone));
  const log = await peekActivityLog(sql, { rowsMax: LOG_ROWS_MAX });
  if (log === undefined) {
    throw new DatabaseError(
      'index_behind',
      'the index is far behind the events: run recount again when index_lag_seconds is small',
    );
  }
  const retained = await retainedFromBucket(sql);
  const names = await typeNames(sql);
  const findings = createFindings(names);
  const ranges = [(await eventsExtent(sql)) ?? NO_BUCKETS, bucketsOf(log)];
  const compared: string[] = [];
  let events = 0;
  for (const [i, index] of ready.entries()) {
    const comparison = { index, log, ranges, retained, names, findings, userSets, signal };
    const compare = index.zone === COUNTS ? compareCounts : compareUsers;
    const read = await compare(sql, comparison, (share) => onProgress?.((i + share) / ready.length));
    events = Math.max(events, read);
    if (index.zone !== COUNTS) await compareMonths(sql, comparison);
    if (signal?.aborted) break;
    compared.push(index.zone);
  }
  return {
    ...findings.result(),
    events,
    retainedFrom: retained === undefined ? undefined : instant(retained * BUCKET_MS),
    zones: compared.filter((zone) => zone !== COUNTS),
    notReady: others([COUNTS, ...indexes.map(({ zone }) => zone)]),
    refused: others(await refusedZones(sql)),
    interrupted: compared.length < ready.length,
  };
}

type Findings = ReturnType<typeof createFindings>;

function createFindings(names: ReadonlyMap<string, number>) {
  const nameOf = new Map([...names].map(([name, number]) => [number, name]));
  const differences: Difference[] = [];
  let compared = 0;
  let differing = 0;
  return {
    compared(same: boolean, found: Omit<Difference, 'eventType'> & { type: number }): void {
      compared += 1;
      if (same) return;
      differing += 1;
      if (differences.length >= DIFFERENCES_MAX) return;
      const { type, ...rest } = found;
      const eventType =
        type === ANY_TYPE ? undefined : (nameOf.get(type) ?? `type ${type}, which has no name`);
      differences.push({ ...rest, eventType });
    },
    result: () => ({ compared, differing, differences }),
  };
}

interface Comparison {
  index: ActivityIndex;
  log: readonly ActivityEntries[];
  /** Where events can be, and where those of the log are. */
  ranges: readonly BucketRange[];
  /** The bucket that events were dropped before. */
  retained: number | undefined;
  names: ReadonlyMap<string, number>;
  findings: Findings;
  userSets: UserSets;
  signal: AbortSignal | undefined;
}

async function refusedZones(sql: Sql): Promise<string[]> {
  const rows = await sql<{ zone: string }[]>`
    SELECT zone FROM activity_indexes WHERE state = 'refused' ORDER BY zone`;
  return rows.map(({ zone }) => zone);
}

async function typeNames(sql: Sql): Promise<Map<string, number>> {
  const rows = await sql<
    { event_type: string; number: number }[]
  >`SELECT event_type, number FROM event_types`;
  return new Map(rows.map(({ event_type, number }) => [event_type, number]));
}

/** Users by day and type: what the index says, the log included, against what the events say. */
async function compareUsers(
  sql: Sql,
  comparison: Comparison,
  onProgress: (share: number) => void,
): Promise<number> {
  const { index, log, names, findings, userSets, signal } = comparison;
  const days = daysOfZone(index.zone);
  const comparable = await comparableDays(sql, comparison);
  const numbers = createTemporaryNumbers();
  const stepDays = createStepSize({ first: 1, min: 1, max: 92, targetMs: STEP_MS });
  let events = 0;

  for (let { first } = comparable; first < comparable.end && !signal?.aborted;) {
    first = await stepDays.measured(async (size) => {
      const end = Math.min(first + size, comparable.end);
      const range = { from: days.firstBucketOf(first), to: days.firstBucketOf(end) };
      const read = await activityOfEvents(sql, range);
      events += countEvents(read);
      const [ofEvents, ...ofLog] = await numbers.of(sql, [read, ...entriesWithin(log, range)]);
      const expected = setsByKey(userSets, index, ofEvents ? [ofEvents] : [], names);
      const actual = setsByKey(userSets, index, ofLog, names);
      const rows = await sql<{ type: number; slot: number; users: Uint8Array }[]>`
        SELECT type, slot, users FROM activity_users
        WHERE index_id = ${index.id} AND unit = 'd' AND slot >= ${first} AND slot < ${end}`;
      for (const { type, slot, users } of rows) {
        addTo(actual, `${type} ${slot}`, userSets.fromBytes(users), userSets);
      }
      compareSets(findings, userSets, { expected, actual }, (key) => ({
        zone: index.zone,
        statistic: 'users of a day',
        date: dateOfDayNumber(key.slot),
        type: key.type,
      }));
      onProgress((end - comparable.first) / (comparable.end - comparable.first));
      return end;
    });
  }
  return events;
}

/** Sealed months: the union of their days' rows, which were compared with the events. Of no other month are there any. */
async function compareMonths(
  sql: Sql,
  { index, findings, userSets, signal }: Pick<Comparison, 'index' | 'findings' | 'userSets' | 'signal'>,
): Promise<void> {
  const months = await monthsOfIndex(sql, index);
  for (let month = months.first; month < months.end && !signal?.aborted; month++) {
    const typesBefore = sealedTypesOf(index, month);
    const rows = await sql<{ unit: 'd' | 'm'; type: number; users: Uint8Array }[]>`
      SELECT unit, type, users FROM activity_users
      WHERE index_id = ${index.id} AND (unit = 'm' AND slot = ${month}
        OR unit = 'd' AND type < ${typesBefore}
          AND slot >= ${firstDayOfMonth(month)} AND slot < ${firstDayOfMonth(month + 1)})`;
    const expected = new Map<string, UserSet>();
    const actual = new Map<string, UserSet>();
    for (const { unit, type, users } of rows) {
      addTo(unit === 'd' ? expected : actual, `${type} ${month}`, userSets.fromBytes(users), userSets);
    }
    compareSets(findings, userSets, { expected, actual }, (key) => ({
      zone: index.zone,
      statistic: 'users of a month',
      date: dateOfDayNumber(firstDayOfMonth(key.slot)).slice(0, 7),
      type: key.type,
    }));
  }
}

/** The types that the month is sealed for are those before this one. */
function sealedTypesOf({ sealedBefore, sealedTypes }: ActivityIndex, month: number): number {
  if (month < sealedBefore) return PAST_ALL_TYPES;
  return month === sealedBefore ? sealedTypes : 0;
}

/** Events by UTC day, type and quarter of an hour. */
async function compareCounts(
  sql: Sql,
  comparison: Comparison,
  onProgress: (share: number) => void,
): Promise<number> {
  const { index, log, names, findings, signal } = comparison;
  const comparable = await comparableDays(sql, comparison);
  const stepDays = createStepSize({ first: 1, min: 1, max: 92, targetMs: STEP_MS });
  let events = 0;
  for (let { first } = comparable; first < comparable.end && !signal?.aborted;) {
    first = await stepDays.measured(async (size) => {
      const end = Math.min(first + size, comparable.end);
      const range = { from: first * QUARTERS_PER_DAY, to: end * QUARTERS_PER_DAY };
      const expected = quartersByKey([await activityOfEvents(sql, range)], names);
      const actual = quartersByKey(entriesWithin(log, range), names);
      const rows = await sql<{ type: number; day: number; total: string; quarters: Uint8Array }[]>`
        SELECT type, day, total, quarters FROM activity_counts
        WHERE index_id = ${index.id} AND day >= ${first} AND day < ${end}`;
      const wrongTotals = new Set<string>();
      for (const { type, day, total, quarters } of rows) {
        const key = `${type} ${day}`;
        if (sum(decodeQuarterCounts(quarters)) !== Number(total)) wrongTotals.add(key);
        actual.set(key, decodeQuarterCounts(quarters, actual.get(key)));
      }
      for (const key of new Set([...expected.keys(), ...actual.keys()])) {
        const ours = actual.get(key) ?? new Float64Array(QUARTERS_PER_DAY);
        const theirs = expected.get(key) ?? new Float64Array(QUARTERS_PER_DAY);
        events += sum(theirs);
        const { type, slot } = keyOf(key);
        findings.compared(ours.every((n, q) => n === theirs[q]) && !wrongTotals.has(key), {
          zone: COUNTS,
          statistic: 'events of a day',
          date: dateOfDayNumber(slot),
          type,
          index: sum(ours),
          events: sum(theirs),
        });
      }
      onProgress((end - comparable.first) / (comparable.end - comparable.first));
      return end;
    });
  }
  return events;
}

const NO_BUCKETS: BucketRange = { from: Infinity, to: -Infinity };

function bucketsOf(log: readonly ActivityEntries[]): BucketRange {
  const range = { ...NO_BUCKETS };
  for (const { runs } of log) {
    for (const { bucket } of runs) {
      range.from = Math.min(range.from, bucket);
      range.to = Math.max(range.to, bucket + 1);
    }
  }
  return range;
}

/** Days or months; of none, `first` is Infinity. */
interface Slots {
  first: number;
  end: number;
}

/**
 * The days where events can be, and those that the index or the log tells of: partitions may have gone by another hand.
 * A day that lies before the watermark, or has lost its beginning there, cannot be counted anew.
 */
async function comparableDays(sql: Sql, { index, ranges, retained }: Comparison): Promise<Slots> {
  let { first, end } = await daysOfIndex(sql, index);
  for (const range of ranges) {
    // A local day is the UTC day or one beside it.
    first = Math.min(first, Math.floor(range.from / QUARTERS_PER_DAY) - 1);
    end = Math.max(end, Math.ceil(range.to / QUARTERS_PER_DAY) + 1);
  }
  const from = Math.max(index.completeFrom, retained ?? NOTHING);
  return from === NOTHING ? { first, end } : { first: Math.max(first, firstWholeDay(index, from)), end };
}

function firstWholeDay({ zone }: ActivityIndex, from: number): number {
  const days = daysOfZone(zone === COUNTS ? 'UTC' : zone);
  let day = Math.floor(from / QUARTERS_PER_DAY) - 1;
  while (days.firstBucketOf(day) < from) day += 1;
  return day;
}

async function daysOfIndex(sql: Sql, { id }: ActivityIndex): Promise<Slots> {
  return slotsOf(
    await sql<SlotSpan[]>`
      SELECT min(day) AS first, max(day) AS last
      FROM (
        SELECT slot AS day FROM activity_users WHERE index_id = ${id} AND unit = 'd'
        UNION ALL
        SELECT day FROM activity_counts WHERE index_id = ${id}
      ) AS days`,
  );
}

/** Months that are sealed, or have rows and ought not to. */
async function monthsOfIndex(sql: Sql, index: ActivityIndex): Promise<Slots> {
  const days = await daysOfIndex(sql, index);
  const told = slotsOf(
    await sql<SlotSpan[]>`
      SELECT min(slot) AS first, max(slot) AS last FROM activity_users WHERE index_id = ${index.id} AND unit = 'm'`,
  );
  if (days.first >= days.end) return told;
  const sealedEnd = Math.min(index.sealedBefore, monthOfDay(days.end - 1)) + 1;
  return { first: Math.min(monthOfDay(days.first), told.first), end: Math.max(sealedEnd, told.end) };
}

interface SlotSpan {
  first: number | null;
  last: number | null;
}

function slotsOf([span]: readonly SlotSpan[]): Slots {
  return { first: span?.first ?? Infinity, end: (span?.last ?? -Infinity) + 1 };
}

function compareSets(
  findings: Findings,
  userSets: UserSets,
  { expected, actual }: Record<'expected' | 'actual', ReadonlyMap<string, UserSet>>,
  describe: (key: {
    type: number;
    slot: number;
  }) => Omit<Parameters<Findings['compared']>[1], 'index' | 'events'>,
): void {
  for (const key of new Set([...expected.keys(), ...actual.keys()])) {
    const ours = actual.get(key) ?? userSets.empty();
    const theirs = expected.get(key) ?? userSets.empty();
    findings.compared(ours.equals(theirs), {
      ...describe(keyOf(key)),
      index: ours.size,
      events: theirs.size,
    });
  }
}

function keyOf(key: string): { type: number; slot: number } {
  const [type = 0, slot = 0] = key.split(' ').map(Number);
  return { type, slot };
}

function setsByKey(
  userSets: UserSets,
  index: ActivityIndex,
  entries: readonly NumberedEntries[],
  names: ReadonlyMap<string, number>,
): Map<string, UserSet> {
  const grouped = groupUsers(daysAlone(index), entries, names) ?? [];
  return new Map(grouped.map(({ key, numbers }) => [`${key.type} ${key.slot}`, userSets.of(numbers)]));
}

function addTo(sets: Map<string, UserSet>, key: string, users: UserSet, userSets: UserSets): void {
  const found = sets.get(key) ?? userSets.empty();
  found.add(users);
  sets.set(key, found);
}

function quartersByKey(
  entries: readonly ActivityEntries[],
  names: ReadonlyMap<string, number>,
): Map<string, Float64Array> {
  const found = new Map<string, Float64Array>();
  for (const { type, day, quarters } of groupCounts(EVERYTHING, entries, names)) {
    const counts = new Float64Array(QUARTERS_PER_DAY);
    for (let i = 0; i < quarters.length; i += 2) {
      const quarter = quarters[i] ?? 0;
      counts[quarter] = (counts[quarter] ?? 0) + (quarters[i + 1] ?? 0);
    }
    found.set(`${type} ${day}`, counts);
  }
  return found;
}

function sum(counts: Float64Array): number {
  return counts.reduce((a, b) => a + b, 0);
}

/** Numbers of users; one that has none yet (its first events are in the log) gets one that nobody has. */
function createTemporaryNumbers() {
  const temporary = new Map<string, number>();
  return {
    async of(sql: Sql, entries: readonly ActivityEntries[]): Promise<NumberedEntries[]> {
      const names = entries.map(namesByPosition);
      const ids = new Set(names.flatMap((of) => [...of.values()]));
      const stored = await sql<{ user_id: string; number: number }[]>`
        SELECT user_id, number FROM users WHERE user_id = ANY(${textArray([...ids])}::text[])`;
      const numbers = new Map(stored.map(({ user_id, number }) => [user_id, number]));
      const numberOf = (id: string): number => {
        const number = numbers.get(id) ?? temporary.get(id);
        if (number !== undefined) return number;
        temporary.set(id, FIRST_TEMPORARY + temporary.size);
        return FIRST_TEMPORARY + temporary.size - 1;
      };
      return entries.map(({ runs, counts, users }, i) => {
        const of = new Uint32Array(users.bounds.length / 2);
        for (const [at, name] of names[i] ?? []) of[at] = numberOf(name);
        return { runs, counts, users: of };
      });
    },
  };
}

function namesByPosition({ runs, users }: ActivityEntries): Map<number, string> {
  const names = new Map<number, string>();
  for (const { first, end } of runs) for (let i = first; i < end; i++) names.set(i, nameAt(users, i));
  return names;
}
