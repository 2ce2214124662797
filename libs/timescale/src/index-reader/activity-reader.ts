import { quarterHourDays } from '@event-analytics/calendar';
import type { UserSet, UserSets } from '@event-analytics/user-sets';
import type { Database, Sql } from '../database.js';
import { ANY_TYPE, NOTHING } from '../indexer/index-key.js';
import {
  readChanges,
  type Changes,
  type ChangesQuery,
  type ReadyIndex,
} from '../queries/activity_changes_read.js';
import {
  readChangesAndTotals,
  type ChangesAndTotals,
  type Totals,
  type TotalsQuery,
} from '../queries/event_totals_read.js';
import { listReadyZones } from '../queries/ready_zones_list.js';
import { readStatistics, runStatement } from '../read-statistics.js';
import { named, timeLimit, usePieces } from './compute.js';
import type { Question, UserRange } from './question.js';
import { createCacheMemory, type RangeNode } from './range-cache.js';
import { readDirectly } from './read-directly.js';
import { planReading, readRanges, type NumberedRange } from './read-ranges.js';
import { shareRuns } from './share-runs.js';
import { createZoneNames } from './zone-names.js';
import { createZoneView, type ViewedIndex, type ZoneView } from './zone-view.js';

/** How often what is remembered is brought up to date while nobody asks, so that it never is far behind. */
const REFRESH_MS = 10_000;
const CHANGES_MAX = 5_000;
const CHANGE_BYTES_MAX = 32 * 1024 * 1024;
/** Looking, reading what is missing, looking again: two rounds, and a few more while others change things. */
const ROUNDS_MAX = 8;
/** Statements that one question reads with. */
const READS_AT_ONCE = 2;
const DIRECT_BYTES_MIN = 8 * 1024 * 1024;
/** A range of nobody takes room, too. */
const RANGE_BYTES = 1_024;

export interface ActivityReaderOptions {
  /** Its statement_timeout is to be statementTimeoutMs or less. */
  db: Database;
  userSets: UserSets;
  /** Of what is remembered. */
  cacheBytesMax: number;
  /** Of each statement, of all of them for what does not fit into the cache, and of what is computed from it. */
  statementTimeoutMs: number;
  /** Of what a question holds at once that is too large for the cache. */
  directBytesMax?: number;
  /** With more changes than this since it last looked it forgets everything. */
  changesMax?: number;
}

export interface IndexAnswer<T> {
  value: T;
  /** The same as long as nothing that was read has changed. */
  version: string;
}

export interface ActivityReader {
  /**
   * Answers from the index of the zone, whichever of its names that has, as of one moment after the question.
   * @returns undefined when no index can answer: the zone has none that is ready, or it lacks days of the question
   * @throws StatementTimeoutError
   */
  ask<T>(zone: string, question: Question<T>): Promise<IndexAnswer<T> | undefined>;
  /** The same, with the event types that have the most events at that moment. */
  askWithTotals<T>(
    zone: string,
    totals: TotalsQuery,
    question: (totals: Totals) => Question<T>,
  ): Promise<IndexAnswer<T> | undefined>;
  figures(): ReaderFigures;
  close(): void;
}

export interface ReaderFigures {
  cachedBytes: number;
  cachedRanges: number;
  /** Ranges that were remembered when they were needed, those that were read to be remembered, and questions too large for that. */
  hits: number;
  loads: number;
  direct: number;
}

/** What a look at the index brought. */
interface Look<T> {
  changes: Changes;
  question: Question<T>;
  /** Types whose numbers it asked for. */
  asked: readonly string[];
  /** The question is about that very moment; else a later one will do. */
  exact: boolean;
  /** Undefined: it cannot be answered from the index. */
  version: string | undefined;
}

/** How to look: at what is remembered and what is new, or at everything within a transaction. */
interface Looking<T> {
  now(viewed: Viewed): Promise<Look<T>>;
  within(sql: Sql, query: ChangesQuery): Promise<Look<T>>;
}

interface Viewed {
  view: ZoneView;
  refresh: (typeNames: readonly string[]) => Promise<Changes>;
}

export function createActivityReader({
  db,
  userSets,
  cacheBytesMax,
  statementTimeoutMs,
  directBytesMax = Math.max(cacheBytesMax / 4, DIRECT_BYTES_MIN),
  changesMax = CHANGES_MAX,
}: ActivityReaderOptions): ActivityReader {
  const memory = createCacheMemory(userSets, cacheBytesMax);
  const zones = new Map<string, Viewed>();
  const names = createZoneNames(() => run(listReadyZones));
  const counted = { hits: 0, loads: 0, direct: 0 };
  let directTurn: Promise<unknown> = Promise.resolve();

  const timer = setInterval(() => {
    // What fails now will fail, and be told, when somebody asks.
    if (memory.size > 0) for (const { refresh } of zones.values()) refresh([]).catch(() => undefined);
  }, REFRESH_MS);
  timer.unref();

  return {
    ask: (zone, question) => answer(zone, lookingFor(question)),
    askWithTotals: (zone, totals, question) => answer(zone, lookingWithTotals(totals, question)),
    figures: () => ({ cachedBytes: memory.bytes, cachedRanges: memory.size, ...counted }),
    close: () => clearInterval(timer),
  };

  async function answer<T>(zone: string, looking: Looking<T>): Promise<IndexAnswer<T> | undefined> {
    let name = names.known(zone);
    let viewed = viewOf(name);
    const pinned = new Set<RangeNode>();
    try {
      for (let round = 0; round < ROUNDS_MAX; round++) {
        const { changes, question, asked, exact, version } = await looking.now(viewed);
        const { index } = viewed.view;
        if (index === undefined) {
          // Asked for once, and by nobody who has something remembered.
          if (zones.get(name) === viewed) zones.delete(name);
          const other = await names.find(zone, name);
          if (other === undefined || other === name) return undefined;
          name = other;
          viewed = viewOf(name);
          continue;
        }
        // Another look was answered by the database that came after this one's.
        if (index.incarnation !== changes.incarnation) continue;
        if (version === undefined || !holds(zone, index, question)) return undefined;
        const { nodes, users, unknown, missing, reading } = find(index, question, pinned);
        // A number that was known before this look, or told by it, has been forgotten.
        if (unknown.some((name) => !asked.includes(name) || changes.typeNumbers.has(name))) continue;
        if (missing.size > 0 && !(await read(viewed.view, index, missing, pinned))) break;
        if (missing.size > 0 || reading.length > 0) {
          await Promise.allSettled(reading);
          continue;
        }
        const moment = momentOf(nodes) ?? changes.seq;
        // That nobody has had an event of a type was said of that very moment.
        const only = exact || unknown.length > 0;
        if (only ? moment !== changes.seq : !(moment >= changes.seq)) continue;
        if (round === 0) counted.hits += nodes.size;
        return await compute(index, question, { nodes, users }, version);
      }
    } finally {
      for (const node of pinned) memory.unpin(node);
    }
    return await answerDirectly(name, looking);
  }

  function viewOf(zone: string): Viewed {
    const known = zones.get(zone);
    if (known !== undefined) return known;
    const view = createZoneView({
      zone,
      memory,
      changesMax,
      changeBytesMax: CHANGE_BYTES_MAX,
    });
    const refresh = shareRuns(async (asked: (readonly string[])[]) => {
      const { query, apply } = view.ask([...new Set(asked.flat())]);
      const changes = await run((sql) => readChanges(sql, query));
      apply(changes);
      return changes;
    });
    const viewed = { view, refresh };
    zones.set(zone, viewed);
    return viewed;
  }

  /** Those ranges of a question that are remembered, and those that are not; and types that nobody is known to have had. */
  function find(index: ViewedIndex, question: Question<unknown>, pinned: Set<RangeNode>) {
    const nodes = new Set<RangeNode>();
    // By the range itself: a key costs more than all that is done with its users.
    const users = new Map<UserRange, UserSet>();
    const unknown: string[] = [];
    const missing = new Map<string, NumberedRange>();
    const reading: Promise<unknown>[] = [];
    for (const range of rangesIn(question)) {
      const { eventType } = range;
      const type = eventType === undefined ? ANY_TYPE : index.typeNumbers.get(eventType);
      if (type === undefined) {
        if (eventType !== undefined && !unknown.includes(eventType)) unknown.push(eventType);
        users.set(range, userSets.empty());
        continue;
      }
      const key = nodeKey(type, range);
      const node = index.cache.get(key);
      if (node === undefined) {
        const others = index.reading.get(key);
        if (others === undefined) missing.set(key, { type, first: range.first, last: range.last });
        else reading.push(others);
        continue;
      }
      nodes.add(node);
      users.set(range, node.users);
      if (pinned.has(node)) continue;
      memory.pin(node);
      pinned.add(node);
    }
    return { nodes, users, unknown, missing, reading };
  }

  /** Puts ranges into the cache; false when there is not enough room for them. */
  async function read(
    view: ZoneView,
    index: ViewedIndex,
    missing: ReadonlyMap<string, NumberedRange>,
    pinned: Set<RangeNode>,
  ): Promise<boolean> {
    const keys = [...missing.keys()];
    const ranges = [...missing.values()];
    const work = (async () => {
      const plan = await run((sql) => planReading(sql, index, ranges));
      const bytes = plan.bytes.reduce((sum, size) => sum + size + RANGE_BYTES, 0);
      if (!memory.reserve(bytes)) return false;
      const found = await readRanges(run, userSets, index, plan, { atOnce: READS_AT_ONCE }).finally(() =>
        memory.release(bytes),
      );
      if (found === undefined || view.index !== index) return true;
      found.forEach((fields, i) => {
        const range = ranges[i];
        if (range === undefined) return;
        const node = index.cache.put({ key: keys[i] ?? '', ...range, ...fields });
        memory.pin(node);
        pinned.add(node);
      });
      counted.loads += found.length;
      return true;
    })();
    for (const key of keys) index.reading.set(key, work);
    try {
      return await work;
    } finally {
      for (const key of keys) index.reading.delete(key);
    }
  }

  /** In the turn in which they were found: from then on what they are is held. */
  async function compute<T>(
    { id, generation, incarnation }: ViewedIndex,
    question: Question<T>,
    { nodes, users }: { nodes: ReadonlySet<RangeNode>; users: ReadonlyMap<UserRange, UserSet> },
    version: string,
  ): Promise<IndexAnswer<T>> {
    let newest = 0;
    for (const node of nodes) {
      newest = Math.max(newest, node.version);
      node.held++;
    }
    try {
      await usePieces(
        question.pieces,
        (range) => named(users.get(range), range),
        timeLimit(statementTimeoutMs),
      );
    } finally {
      for (const node of nodes) node.held--;
    }
    return { value: question.result(), version: `${id}.${generation}.${newest}${version} ${incarnation}` };
  }

  /** In a transaction that sees one moment, beside the cache; one at a time, so that memory stays bounded. */
  function answerDirectly<T>(zone: string, looking: Looking<T>): Promise<IndexAnswer<T> | undefined> {
    const checkTime = timeLimit(statementTimeoutMs);
    counted.direct += 1;
    const result = directTurn.then(() => {
      checkTime();
      return readStatistics(db, { statementTimeoutMs, repeatableRead: true }, async (sql) => {
        const query = { zone, known: undefined, typeNames: [], rowsMax: 0, bytesMax: 0 };
        const { changes, question, version } = await looking.within(sql, query);
        const { index, incarnation, typeNumbers: numbers } = changes;
        if (index === undefined || version === undefined || !holds(zone, index, question)) return undefined;
        const { id, generation, sealedBefore } = index;
        const newest = await readDirectly(sql, {
          index: { id, generation, incarnation, sealedBefore },
          pieces: question.pieces,
          numberOf: (eventType) => (eventType === undefined ? ANY_TYPE : numbers.get(eventType)),
          userSets,
          bytesMax: directBytesMax,
          checkTime,
        });
        const whole = `${id}.${generation}.${newest}${version} ${incarnation}`;
        return { value: question.result(), version: whole };
      });
    });
    directTurn = result.catch(() => undefined);
    return result;
  }

  function lookingFor<T>(question: Question<T>): Looking<T> {
    const typeNames = typesOf(question);
    const look = (changes: Changes, asked: readonly string[]): Look<T> => {
      return { changes, question, asked, exact: false, version: '' };
    };
    return {
      async now({ view, refresh }) {
        const known = view.index?.typeNumbers;
        const asked = typeNames.filter((name) => known?.has(name) !== true);
        return look(await refresh(asked), asked);
      },
      within: async (sql, query) => look(await readChanges(sql, { ...query, typeNames }), typeNames),
    };
  }

  function lookingWithTotals<T>(totals: TotalsQuery, question: (totals: Totals) => Question<T>): Looking<T> {
    const look = ({ changes: told, totals: found }: ChangesAndTotals): Look<T> => {
      const { index, version, types } = found;
      const typeNumbers = new Map(types.map(({ eventType, type }) => [eventType, type]));
      const complete = index !== undefined && isComplete(index, totals.fromBucket);
      const { seq, incarnation, changes } = told;
      return {
        changes: { seq, incarnation, index: told.index, typeNumbers, changes },
        question: question(found),
        asked: [],
        exact: true,
        version: complete ? `-${index.id}.${index.generation}.${version}` : undefined,
      };
    };
    return {
      async now({ view }) {
        const { query, apply } = view.ask([]);
        const found = look(await run((sql) => readChangesAndTotals(sql, query, totals)));
        apply(found.changes);
        return found;
      },
      within: async (sql, query) => look(await readChangesAndTotals(sql, query, totals)),
    };
  }

  function run<T>(work: (sql: Sql) => PromiseLike<T>): Promise<T> {
    return runStatement(db, statementTimeoutMs, work);
  }
}

/** Whether the index has all days that a question needs. */
function holds(zone: string, index: ReadyIndex, question: Question<unknown>): boolean {
  if (index.completeFrom === NOTHING) return true;
  let first = Infinity;
  for (const range of rangesIn(question)) first = Math.min(first, range.first);
  if (first === Infinity) return true;
  return first !== -Infinity && isComplete(index, quarterHourDays(zone).firstBucketOf(first));
}

function isComplete({ completeFrom }: ReadyIndex, fromBucket: number): boolean {
  return fromBucket >= completeFrom;
}

/** The fold that all of them are as of; NaN where they are not. */
function momentOf(nodes: Iterable<RangeNode>): number | undefined {
  let moment: number | undefined;
  for (const { asOf, upTo } of nodes) {
    if (asOf !== upTo || (moment !== undefined && moment !== asOf)) return NaN;
    moment = asOf;
  }
  return moment;
}

function typesOf(question: Question<unknown>): string[] {
  const names = new Set<string>();
  for (const { eventType } of rangesIn(question)) if (eventType !== undefined) names.add(eventType);
  return [...names];
}

/** The ranges of all pieces; those that several of them need come as often. */
function rangesIn({ pieces }: Question<unknown>): UserRange[] {
  const all: UserRange[] = [];
  for (const { ranges } of pieces) for (const range of ranges) all.push(range);
  return all;
}

function nodeKey(type: number, { first, last }: UserRange): string {
  return `${type} ${first} ${last}`;
}
