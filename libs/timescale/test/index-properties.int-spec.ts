import {
  addDays,
  eventIntervals,
  monthStart,
  periodsTouching,
  type PeriodUnit,
  type WindowType,
} from '@event-analytics/calendar';
import type { AcceptedEvent } from '@event-analytics/event-schema';
import { loadUserSets, type UserSets } from '@event-analytics/user-sets';
import fc from 'fast-check';
import {
  beginImport,
  buildStep,
  createFoldMemory,
  createStatistics,
  ensureIndexes,
  foldActivityLog,
  recount,
  requestReindex,
  sealStep,
  undoImport,
  writeChunk,
  writeEvents,
  type Database,
  type FoldMemory,
  type Statistic,
  type Statistics,
} from '../src/index.js';
import { foldSortedHistory } from '../src/indexer/fold-log.js';
import { dropRetiredStep } from '../src/indexer/drop-retired.js';
import { COUNTS } from '../src/indexer/indexes.js';
import { textArray } from '../src/sql-text.js';
import { BY_ITSELF, createBroughtEvents } from './brought-events.js';
import { event, eventId } from './event-makers.js';
import { chunk, sha256 } from './import-makers.js';
import { createModel } from './statistics-model.js';
import { openDatabase, storages, type OpenedDatabase } from './test-database.js';

const seed = Number(process.env.EA_TEST_SEED ?? Date.now() % 1_000_000);
const runs = Number(process.env.EA_TEST_RUNS ?? 2_000);
/** Cases at once, each in a database of its own: while one waits for the server, another computes. */
const LANES = 4;
/** Cases after which the server is told to have the room of those before back. */
const VACUUM_EVERY = 20;
/** A failure is made smaller by running some hundred cases more. */
const TIMEOUT_MS = 15 * 60_000;

const ZONES = ['UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
const USERS = ['a', 'b', 'c', 'd', 'e'];
const TYPES = ['view', 'View', 'buy'];
const MINUTE_MS = 60_000;
/** Every month of these is over, and may be sealed. */
const NOW_MS = Date.parse('2024-09-01T00:00:00Z');

/** The month of the making of an index of no events: January 2024. */
const MADE_IN = (2024 - 1970) * 12;

/** Ends of days and months, and clocks put forward and back, of one zone or another. */
const MOMENTS = [
  '2024-03-10T07:00:00Z', // New York: 02:00 → 03:00
  '2024-03-31T18:15:00Z', // Kathmandu: midnight, and a month's end
  '2024-04-06T15:00:00Z', // Lord Howe: 02:00 → 01:30
  '2024-02-29T05:00:00Z', // New York: midnight
  '2024-01-01T00:00:00Z',
  '2023-11-05T06:00:00Z', // New York: 02:00 → 01:00
];

/** All that instants are on. */
const FIRST_DAY = '2023-10-01';
const DAYS = Array.from({ length: 213 }, (_, n) => addDays(FIRST_DAY, n));

/** All that a case writes. */
const TABLES = [
  'import_claims',
  'import_chunks',
  'imports',
  'events',
  'activity_log',
  'activity_users',
  'activity_counts',
  'activity_indexes',
  'users',
  'event_types',
];

const moment = fc.constantFrom(...MOMENTS);
const user = fc.constantFrom(...USERS);
const type = fc.constantFrom(...TYPES);
const instant = fc
  .record({
    moment,
    minutes: fc.oneof(
      fc.constantFrom(0, 15, -15, 30, -30, 60, -60),
      fc.integer({ min: -36 * 60, max: 36 * 60 }),
      fc.integer({ min: -20, max: 20 }).map((days) => days * 24 * 60),
    ),
    ms: fc.constantFrom(0, 0, -1, 1),
  })
  .map(({ moment, minutes, ms }) => new Date(Date.parse(moment) + minutes * MINUTE_MS + ms).toISOString());

const same = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
/** What a writer sends: something new, or what was sent before (in this batch, too) with or without a difference. */
const sent = fc.oneof(
  { weight: 3, arbitrary: fc.record({ again: fc.constant(undefined), user, type, at: instant }) },
  {
    weight: 1,
    // The same id at another instant is another event; of the same id and instant the first counts.
    arbitrary: fc.record({
      again: fc.nat({ max: 200 }),
      user: same(user),
      type: same(type),
      at: same(instant),
    }),
  },
);

const days = fc.record({
  from: fc
    .tuple(moment, fc.integer({ min: -25, max: 25 }))
    .map(([moment, offset]) => addDays(moment.slice(0, 10), offset)),
  length: fc.nat({ max: 20 }),
});
const eventType = fc.constantFrom(undefined, ...TYPES, 'never');
const limit = fc.integer({ min: 1, max: 4 });
const QUESTIONS = 6;
/** One of each, asked again and again, of whatever zones there are. */
const questions = fc.tuple(
  fc.record({
    ask: fc.constant('activeUsers' as const),
    days,
    eventType,
    period: fc.constantFrom<PeriodUnit[]>('day', 'week', 'month'),
  }),
  fc.record({ ask: fc.constant('topEvents' as const), days, limit }),
  fc.record({
    ask: fc.constant('retention' as const),
    days,
    windowType: fc.constantFrom<WindowType[]>('daily', 'weekly', 'monthly'),
    windows: fc.integer({ min: 1, max: 8 }),
    cohorts: fc.integer({ min: 1, max: 8 }),
    mode: fc.constantFrom('classic' as const, 'unbounded' as const),
    bornEvent: eventType,
    returnEvent: eventType,
  }),
  fc.record({ ask: fc.constant('stickiness' as const), days, eventType }),
  fc.record({
    ask: fc.constant('funnel' as const),
    days,
    steps: fc.shuffledSubarray([...TYPES, 'never'], { minLength: 2 }),
  }),
  fc.record({
    ask: fc.constant('eventCounts' as const),
    days,
    eventType,
    interval: fc.constantFrom('day' as const, 'hour' as const),
    limit,
  }),
);
/** Which of them. */
const some = fc.subarray([0, 1, 2, 3, 4, 5], { minLength: 1 });

/**
 * So many that a bitmap of every second is larger than those that are merged into whatever comes: a key gets
 * several rows only by them.
 */
const CROWD = Array.from({ length: 600 }, (_, n) => `crowd ${n}`);

/** Two indexers take turns: each has a memory of its own. */
const indexer = fc.nat({ max: 1 });
/** Files that are imported. */
const file = fc.constantFrom('a.csv', 'b.csv', 'c.csv');
/** Who brings events: one of these, or nobody, for they come by themselves. */
const someone = fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: file });
const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.oneof(
      {
        weight: 24,
        arbitrary: fc.record({
          do: fc.constant('write' as const),
          by: someone,
          /** Which half of the log it is in: else the clock says so. */
          historical: fc.boolean(),
          batch: fc.array(sent, { minLength: 1, maxLength: 12, size: 'max' }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          do: fc.constant('crowd' as const),
          historical: fc.boolean(),
          type,
          at: moment,
        }),
      },
    ),
  },
  {
    weight: 5,
    arbitrary: fc.record(
      {
        do: fc.constant('fold' as const),
        indexer,
        historical: fc.boolean(),
        entriesMax: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.constant(2_000)),
        sortAbove: fc.constantFrom(0, 5),
      },
      { requiredKeys: ['do', 'indexer', 'historical', 'entriesMax'] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('fold sorted' as const),
      indexer,
      workMax: fc.integer({ min: 1, max: 400 }),
    }),
  },
  /** Everything is folded before, so that the answer is known. */
  { weight: 3, arbitrary: fc.record({ do: fc.constant('ask' as const), which: some }) },
  /** Nothing is, so that what is remembered is of some moment between. */
  { weight: 3, arbitrary: fc.record({ do: fc.constant('look' as const), which: some }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('index' as const), zone: fc.constantFrom(...ZONES) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('build' as const),
      indexer,
      /** Quarters of an hour: all, some, or just until a moment. */
      bucketsMax: fc.oneof(
        fc.constant(96 * 400),
        fc.integer({ min: 1, max: 96 * 120 }),
        moment.map((until) => (Date.parse(until) - Date.parse(FIRST_DAY)) / (15 * MINUTE_MS)),
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('reindex' as const),
      zone: fc.constantFrom(undefined, ...ZONES),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('seal' as const),
      indexer,
      steps: fc.integer({ min: 1, max: 12 }),
      typesMax: fc.integer({ min: 1, max: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('undo' as const),
      indexer,
      file,
      /** It is stopped after so many, and goes on another time. */
      steps: fc.oneof({ weight: 2, arbitrary: fc.constant(Infinity) }, fc.nat({ max: 4 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop retired' as const), indexer }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), indexer }) },
);

const cases = fc.record({
  /** Before anything is written; there may be none until the end. */
  zones: fc.subarray(ZONES, { maxLength: 2 }),
  cacheBytesMax: fc.constantFrom(64 * 1024 * 1024, 64 * 1024 * 1024, 30_000, 1),
  /** Many that are short, and some that are long. */
  operations: fc.oneof(
    { weight: 3, arbitrary: fc.array(operation, { minLength: 1, maxLength: 9, size: 'max' }) },
    { weight: 1, arbitrary: fc.array(operation, { minLength: 1, maxLength: 24, size: 'max' }) },
  ),
  questions,
  /** At the end all are asked of who remembers what was asked before, or of who does not. */
  remembering: fc.boolean(),
});

type InferOf<A> = A extends fc.Arbitrary<infer T> ? T : never;
type Sent = InferOf<typeof sent>;
type Question = InferOf<typeof questions>[number];
type Operation = InferOf<typeof operation>;
type Case = InferOf<typeof cases>;

describe.each(storages)(`whatever is done, on %s (seed ${seed}, ${runs} runs)`, (storage) => {
  const lanes: OpenedDatabase[] = [];
  let userSets: UserSets;
  let compared = 0;
  beforeAll(async () => {
    userSets = await loadUserSets();
    for (let lane = 0; lane < LANES; lane++) {
      const opened = await openDatabase(storage);
      lanes.push(opened);
      // Partitions stay when they are emptied, and say how far an index is to be built: were they made by one
      // case, the next would not be the same by itself.
      await writeEvents(
        opened.db,
        DAYS.map((day, n) => event(n, { occurred_at: `${day}T00:00:00.000Z` })),
      );
    }
  });
  afterAll(() => Promise.all(lanes.map((opened) => opened.close())));

  it(
    'every statistic of the index is what the events say, each counted once',
    async () => {
      const outcomes = await Promise.allSettled(lanes.map((opened, lane) => casesOf(opened, lane)));
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      process.stdout.write(`${compared} answers of the index on ${storage} compared with the model\n`);
      // The last questions of every case, of one zone at least: about twice as many as a rule.
      expect(compared).toBeGreaterThanOrEqual(QUESTIONS * runs);
    },
    TIMEOUT_MS,
  );

  /** A lane's share of the cases, of a seed of its own: given as EA_TEST_SEED it makes the same ones again. */
  async function casesOf(opened: OpenedDatabase, lane: number): Promise<void> {
    let done = 0;
    const property = fc.asyncProperty(cases, async (one) => {
      await empty(opened.db);
      if (++done % VACUUM_EVERY === 0)
        await opened.db.run((sql) => sql.unsafe(`VACUUM ${TABLES.join(', ')}`));
      await run(opened.db, one);
    });
    const numRuns = Math.ceil((runs - lane) / LANES);
    if (numRuns > 0) await fc.assert(property, { numRuns, seed: seed + lane, endOnFailure: false });
  }

  /** TRUNCATE takes longer than most cases: every partition and index gets new files. */
  async function empty(db: Database): Promise<void> {
    await db.transaction(async (sql) => {
      for (const table of TABLES) await sql.unsafe(`DELETE FROM ${table}`);
      await sql`
        SELECT setval(pg_get_serial_sequence(name, 'id'), 1, false)
        FROM unnest(ARRAY['activity_log', 'activity_indexes', 'imports']) AS name`;
      await sql`UPDATE activity_state SET seq = DEFAULT, next_user = DEFAULT, next_type = DEFAULT`;
    });
  }

  async function run(
    db: Database,
    { zones, cacheBytesMax, operations, questions, remembering }: Case,
  ): Promise<void> {
    const everything: AcceptedEvent[] = [];
    const brought = createBroughtEvents();
    /** The import of each file; those that are half undone; and those that are no more. */
    const imports = new Map<string, number>();
    const dying = new Set<number>();
    const undone = new Set<number>();
    let chunks = 0;
    const indexed = new Set<string>();
    const memories = [createFoldMemory(userSets, 3), createFoldMemory(userSets, 3)] as const;
    const readers: Statistics[] = [];
    const statistics = reader();

    try {
      await index(zones);
      for (const operation of operations) await perform(operation);
      if (indexed.size === 0) await index(['America/New_York']);
      while ((await buildStep(db, memoryOf(0), { bucketsMax: 96 * 400 })) !== undefined) await foldAll();
      await foldAll();
      await finishUndoing();
      const ready = new Set([COUNTS, ...indexed]);
      await compare(remembering ? statistics : reader(), questions, ready);
    } finally {
      for (const one of readers) one.close();
    }

    async function perform(operation: Operation): Promise<void> {
      switch (operation.do) {
        case 'write':
          return await write(operation.batch.flatMap(eventOf), operation.historical, operation.by);
        case 'crowd':
          return await write(crowdOf(operation), operation.historical);
        case 'undo':
          return await undo(imports.get(operation.file), operation);
        case 'fold':
          await foldActivityLog(db, memoryOf(operation.indexer), operation);
          return;
        case 'fold sorted':
          await foldSortedHistory(db, memoryOf(operation.indexer), operation);
          return;
        case 'ask':
          await foldAll();
          await finishUndoing();
          return await compare(statistics, pick(operation.which), await readyZones());
        case 'look':
          for (const question of pick(operation.which))
            for (const zone of indexed) await posed(question, zone).ask(statistics);
          return;
        case 'index':
          return await index([operation.zone]);
        case 'build':
          await buildStep(db, memoryOf(operation.indexer), operation);
          return;
        case 'reindex':
          await requestReindex(db, operation.zone === undefined ? undefined : [operation.zone]);
          return;
        case 'seal':
          for (let step = 0; step < operation.steps; step++)
            await sealStep(db, memoryOf(operation.indexer), NOW_MS, operation);
          return;
        case 'drop retired':
          while ((await dropRetiredStep(db, memoryOf(operation.indexer))) !== undefined);
          return;
        case 'restart':
          Object.assign(memoryOf(operation.indexer), createFoldMemory(userSets, 3));
      }
    }

    function pick(which: readonly number[]): Question[] {
      return questions.filter((_, i) => which.includes(i));
    }

    function memoryOf(indexer: number): FoldMemory {
      return indexer === 0 ? memories[0] : memories[1];
    }

    function reader(): Statistics {
      const one = createStatistics({ db, userSets, cacheBytesMax, statementTimeoutMs: 30_000 });
      readers.push(one);
      return one;
    }

    async function index(zones: readonly string[]): Promise<void> {
      if (zones.every((zone) => indexed.has(zone))) return;
      await ensureIndexes(db, zones);
      // As if made when the events were new: some of their months go into rows of months at once, others are
      // to be sealed.
      if (everything.length === 0)
        await db.run(
          (sql) => sql`
            UPDATE activity_indexes SET sealed_before = ${MADE_IN} WHERE zone = ANY(${textArray(zones)}::text[])`,
        );
      for (const zone of zones) indexed.add(zone);
    }

    /** Nothing, where something is to be sent again and nothing was sent. */
    function eventOf(fields: Sent): AcceptedEvent[] {
      const before = fields.again === undefined ? undefined : everything[fields.again % everything.length];
      if (fields.again !== undefined && before === undefined) return [];
      const made: AcceptedEvent = {
        event_id: before?.event_id ?? eventId(everything.length),
        user_id: fields.user ?? before?.user_id ?? '',
        event_type: fields.type ?? before?.event_type ?? '',
        occurred_at: fields.at ?? before?.occurred_at ?? '',
        properties: {},
      };
      everything.push(made);
      return [made];
    }

    /** All of it a day before, so that their numbers follow each other, and every second of them. */
    function crowdOf({ type, at }: { type: string; at: string }): AcceptedEvent[] {
      const instantBefore = (days: number) =>
        new Date(Date.parse(at) - days * 24 * 60 * MINUTE_MS).toISOString();
      const again = undefined;
      return [
        ...CROWD.flatMap((user) => eventOf({ again, user, type, at: instantBefore(1) })),
        ...CROWD.filter((_, n) => n % 2 === 1).flatMap((user) =>
          eventOf({ again, user, type, at: instantBefore(0) }),
        ),
      ];
    }

    async function write(batch: readonly AcceptedEvent[], historical: boolean, file?: string): Promise<void> {
      const by = file === undefined ? BY_ITSELF : await importOf(file);
      const added = brought.bring(by, batch);
      const { inserted } =
        by === BY_ITSELF
          ? await writeEvents(db, batch, {
              within: async (sql) => {
                await sql`
                  UPDATE activity_log SET historical = ${historical} WHERE xmin = pg_current_xact_id()::xid`;
              },
            })
          : await writeChunk(db, by, chunk(chunks++), batch, { rejected: 0 });
      expect(inserted).toBe(added);
    }

    /** Of what was undone it is another one. */
    async function importOf(file: string): Promise<number> {
      const identity = { source: file, settings: {}, digest: sha256(file), sizeBytes: 1 };
      const { id } = await beginImport(db, identity);
      imports.set(file, id);
      return id;
    }

    async function undo(
      id: number | undefined,
      { indexer, steps }: { indexer: number; steps: number },
    ): Promise<void> {
      if (id === undefined || undone.has(id)) return;
      dying.add(id);
      const stop = new AbortController();
      if (steps === 0) stop.abort();
      let done = 0;
      const { removed, interrupted } = await undoImport(db, memoryOf(indexer), id, {
        signal: stop.signal,
        pause: () => Promise.resolve(),
        onProgress: () => {
          if (++done === steps) stop.abort();
        },
      });
      const expected = brought.undo(id, { beforeMs: interrupted ? await firstOf(id) : Infinity, dying });
      expect(removed).toBe(expected.removed);
      expect(await recount(db, userSets)).toMatchObject({ differing: 0, differences: [] });
      if (interrupted) return;
      dying.delete(id);
      undone.add(id);
    }

    /** Where what is left of an import begins. */
    async function firstOf(id: number): Promise<number> {
      const [row] = await db.run(
        (sql) => sql<{ first: string | null }[]>`
          SELECT to_char(min(occurred_at), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS first FROM events WHERE import_id = ${id}`,
      );
      return row?.first ? Date.parse(row.first) : Infinity;
    }

    async function finishUndoing(): Promise<void> {
      for (const id of [...dying]) await undo(id, { indexer: 0, steps: Infinity });
    }

    async function foldAll(): Promise<void> {
      for (const historical of [false, true]) {
        let more = true;
        while (more)
          more = (await foldActivityLog(db, memoryOf(0), { historical, entriesMax: 1_000 }))?.more ?? false;
      }
    }

    async function readyZones(): Promise<Set<string>> {
      const rows = await db.run(
        (sql) => sql<{ zone: string }[]>`SELECT zone FROM activity_indexes WHERE state = 'ready'`,
      );
      return new Set(rows.map(({ zone }) => zone));
    }

    /** @param ready what has to be answered from the index; the rest is from events, and no less right */
    async function compare(
      statistics: Statistics,
      questions: readonly Question[],
      ready: ReadonlySet<string>,
    ): Promise<void> {
      const model = createModel(brought.events());
      for (const question of questions) {
        for (const zone of indexed) {
          const { query, needs, ask, expected } = posed(question, zone);
          const source = needs.every((one) => ready.has(one)) ? 'index' : 'events';
          const given = await ask(statistics);
          expect({ query, source: given.source, value: given.value }).toEqual({
            query,
            source,
            value: expected(model),
          });
          if (source === 'index') compared++;
        }
      }
    }
  }
});

interface Posed {
  query: object;
  /** The zones whose index has to be ready. */
  needs: string[];
  ask: (statistics: Statistics) => Promise<Statistic<unknown>>;
  expected: (model: ReturnType<typeof createModel>) => unknown;
}

function posed(question: Question, zone: string): Posed {
  const { from } = question.days;
  const range = { zone, from, to: addDays(from, question.days.length) };
  switch (question.ask) {
    case 'activeUsers': {
      const query = { ...range, period: question.period, eventType: question.eventType };
      return {
        query,
        needs: [zone],
        ask: (statistics) => statistics.periodActiveUsers(query),
        expected: (model) =>
          periodsTouching(zone, query.period, range.from, range.to).map((period) => ({
            ...period,
            activeUsers: model.activeUsers(query, period.start, period.end),
          })),
      };
    }
    case 'topEvents': {
      const query = { ...range, limit: question.limit };
      return {
        query,
        needs: [zone, COUNTS],
        ask: (statistics) => statistics.topEvents(query),
        expected: (model) => model.topEvents(query),
      };
    }
    case 'retention': {
      const { windowType, windows, cohorts, mode, bornEvent, returnEvent } = question;
      const startDate = windowType === 'monthly' ? monthStart(addDays(from, -60)) : from;
      const query = { zone, startDate, windowType, windows, cohorts, mode, bornEvent, returnEvent };
      return {
        query,
        needs: [zone],
        ask: (statistics) => statistics.retention(query),
        expected: (model) => model.retention(query),
      };
    }
    case 'stickiness': {
      const query = { ...range, eventType: question.eventType };
      return {
        query,
        needs: [zone],
        ask: (statistics) => statistics.stickiness(query),
        expected: (model) => model.stickiness(query),
      };
    }
    case 'funnel': {
      const query = { ...range, steps: question.steps };
      return {
        query,
        needs: [zone],
        ask: (statistics) => statistics.funnel(query),
        expected: (model) => model.funnel(query),
      };
    }
    case 'eventCounts': {
      const query = {
        ...range,
        interval: question.interval,
        eventType: question.eventType,
        limit: question.limit,
      };
      const labels = eventIntervals(zone, range.from, range.to, query.interval).map(({ label }) => label);
      return {
        query,
        needs: [COUNTS],
        ask: (statistics) => statistics.eventCounts(query),
        expected: (model) => model.eventCounts(query, labels),
      };
    }
  }
}
