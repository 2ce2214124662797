import { dateOfDayNumber } from '@event-analytics/calendar';
import type { UserSet, UserSets } from '@event-analytics/user-sets';
import type { Database, Sql } from '../database.js';
import { DatabaseError } from '../errors.js';
import { activityOfEvents } from '../queries/activity_of_events.js';
import { peekActivityLog } from '../queries/activity_log_peek.js';
import { eventsExtent } from '../queries/events_extent.js';
import { retainedFromBucket } from '../queries/retained_from_read.js';
import { BUCKET_MS, decodeQuarterCounts, QUARTERS_PER_DAY } from '../quarter-counts.js';
import { instant, textArray } from '../sql-text.js';
import { countEvents, entriesWithin, type ActivityEntries } from './activity.js';
import { daysAlone, groupCounts, groupUsers, type NumberedEntries } from './group-activity.js';
import { ANY_TYPE, EVERYTHING, firstDayOfMonth, monthOfDay, NOTHING } from './index-key.js';
import { COUNTS, daysOfZone, liveIndexes, type ActivityIndex } from './indexes.js';
import { nameAt } from './names.js';
import { createStepSize } from './step-size.js';

const LOG_ROWS_MAX = 2_000;
const STEP_MS = 500;
/** Past all numbers that users are given. */
const FIRST_TEMPORARY = 2_147_483_648;
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
  /** Events that were read. */
  events: number;
  /** Where events begin that can be counted anew: those of before were dropped. Undefined: with the first. */
  retainedFrom: string | undefined;
  /** Zones that were compared, and those whose index is not ready. */
  zones: string[];
  notReady: string[];
}

/**
 * Counts everything anew from events and compares it with the index: the users of every day and sealed
 * month by type, one by one and not only how many, and the events of every quarter of an hour. All
 * statistics are made of these. One snapshot, no lock: ingest and folding go on; what is in the log and
 * not folded yet counts as the index's.
 * @throws DatabaseError index_behind when more waits in the log than can be looked through
 */
export async function recount(
  db: Database,
  userSets: UserSets,
  o: { onProgress?: (share: number) => void } = {},
): Promise<Recount> {
  return await db.transaction(
    async (sql) => {
      // Before the snapshot: nothing of what that sees is dropped until the end.
      await sql`LOCK TABLE ONLY events IN ACCESS SHARE MODE`;
      const indexes = await liveIndexes(sql);
      const ready = indexes.filter(({ state }) => state === 'ready');
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
      let events = 0;
      for (const [i, index] of ready.entries()) {
        const compare = index.zone === COUNTS ? compareCounts : compareUsers;
        events = await compare(sql, { index, log, names, findings, userSets }, (share) =>
          o.onProgress?.((i + share) / ready.length),
        );
        if (index.zone !== COUNTS) await compareMonths(sql, { index, findings, userSets });
      }
      return {
        ...findings.result(),
        events,
        retainedFrom: retained === undefined ? undefined : instant(retained * BUCKET_MS),
        zones: ready.map(({ zone }) => zone).filter((zone) => zone !== COUNTS),
        notReady: indexes.filter(({ state }) => state !== 'ready').map(({ zone }) => zone),
      };
    },
    { readOnly: true, repeatableRead: true, statementTimeoutMs: 0, answerTimeoutMs: Infinity },
  );
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
  names: ReadonlyMap<string, number>;
  findings: Findings;
  userSets: UserSets;
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
  { index, log, names, findings, userSets }: Comparison,
  onProgress: (share: number) => void,
): Promise<number> {
  const days = daysOfZone(index.zone);
  const extent = await comparableExtent(sql, index);
  const wholeDays = { first: days.dayOfBucket(extent.from), end: days.dayOfBucket(extent.to - 1) + 1 };
  // A day that has lost its beginning cannot be counted anew.
  if (extent.cut && days.firstBucketOf(wholeDays.first) < extent.from) wholeDays.first += 1;
  const numbers = createTemporaryNumbers();
  const stepDays = createStepSize({ first: 1, min: 1, max: 92, targetMs: STEP_MS });
  let events = 0;

  for (let first = wholeDays.first; first < wholeDays.end;) {
    first = await stepDays.measured(async (size) => {
      const end = Math.min(first + size, wholeDays.end);
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
      onProgress((end - wholeDays.first) / (wholeDays.end - wholeDays.first));
      return end;
    });
  }
  return events;
}

/** Sealed months: the union of their days' rows, which were compared with the events. */
async function compareMonths(
  sql: Sql,
  { index, findings, userSets }: Pick<Comparison, 'index' | 'findings' | 'userSets'>,
): Promise<void> {
  const [span] = await sql<{ first: number | null; last: number | null }[]>`
    SELECT min(slot) AS first, max(slot) AS last FROM activity_users
    WHERE index_id = ${index.id} AND unit = 'd' AND type = ${ANY_TYPE}`;
  if (span === undefined || span.first === null || span.last === null) return;
  const end = Math.min(index.sealedBefore, monthOfDay(span.last) + 1);
  for (let month = monthOfDay(span.first); month < end; month++) {
    const rows = await sql<{ unit: 'd' | 'm'; type: number; users: Uint8Array }[]>`
      SELECT unit, type, users FROM activity_users
      WHERE index_id = ${index.id} AND (unit = 'm' AND slot = ${month}
        OR unit = 'd' AND slot >= ${firstDayOfMonth(month)} AND slot < ${firstDayOfMonth(month + 1)})`;
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

/** Events by UTC day, type and quarter of an hour. */
async function compareCounts(
  sql: Sql,
  { index, log, names, findings }: Comparison,
  onProgress: (share: number) => void,
): Promise<number> {
  const extent = await comparableExtent(sql, index);
  const firstDay = Math.ceil(extent.from / QUARTERS_PER_DAY);
  const endDay = Math.ceil(extent.to / QUARTERS_PER_DAY);
  const stepDays = createStepSize({ first: 1, min: 1, max: 92, targetMs: STEP_MS });
  let events = 0;
  for (let first = firstDay; first < endDay;) {
    first = await stepDays.measured(async (size) => {
      const end = Math.min(first + size, endDay);
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
      onProgress((end - firstDay) / (endDay - firstDay));
      return end;
    });
  }
  return events;
}

interface ComparableExtent {
  from: number;
  to: number;
  /** Events from before it were there and are not any more. */
  cut: boolean;
}

async function comparableExtent(sql: Sql, { completeFrom }: ActivityIndex): Promise<ComparableExtent> {
  const { from, to } = (await eventsExtent(sql)) ?? { from: 0, to: 0 };
  const retainedFrom = (await retainedFromBucket(sql)) ?? NOTHING;
  const first = Math.max(from, completeFrom, retainedFrom);
  return { from: first, to: Math.max(first, to), cut: Math.max(completeFrom, retainedFrom) > NOTHING };
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
