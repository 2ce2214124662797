import { DEFAULT_STREAM_NAMES } from '@event-analytics/nats-client';
import {
  createRandom,
  eventually,
  mountSmallDisk,
  readMetric,
  type Direction,
} from '@event-analytics/testkit';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventOf, freshEvents, type SentEvent } from '../src/event-of.js';
import { fillDisk } from '../src/fill-disk.js';
import { answersOf, endedMs, quantile, requestsBegun, type Ledger } from '../src/ledger.js';
import { rowsOf } from '../src/rows-of.js';
import { sendUntilAcknowledged } from '../src/send-batch.js';
import { watchStatistics, type StatisticsWatch } from '../src/watch-statistics.js';
import { startServersOnDisk } from '../src/servers-on-disk.js';
import { createUndos } from '../src/undos.js';
import { startWorld, type World } from '../src/world.js';
import { allWere202 } from './all-were-202.js';
import { bound, full, row, SEED, times } from './row.js';

const DRAINED_WITHIN_MS = 60_000;
/** What the writer gives a statement, and an answer on top of it. */
const STATEMENT_TIMEOUT_MS = full ? 15_000 : 1_000;
const ANSWER_GRACE_MS = 5_000;
/** A second, a small question of two beside the statistic; and another, where that took up the next of its statements. */
const STATISTICS_REFUSED_WITHIN_MS = 6_000;
/** Once it is known. */
const REFUSED_AT_ONCE_MS = 200;

const writerEnvironment = { WRITER_STATEMENT_TIMEOUT_MS: String(STATEMENT_TIMEOUT_MS) };

/** Whatever becomes of it, events are taken: the stream keeps them. */
describe('PostgreSQL', () => {
  let world: World;
  const random = createRandom(SEED);

  beforeAll(async () => {
    world = await startWorld({ seed: SEED, envOf: { 'jetstream-writer': writerEnvironment } });
  }, 60_000);
  afterEach(() => world.heal(), 60_000);
  afterAll(() => world.stop(), 60_000);

  const watches: StatisticsWatch[] = [];
  afterEach(() => Promise.all(watches.splice(0).map((watch) => watch.stop())), 90_000);
  function watched(pauseMs?: number): StatisticsWatch {
    const watch = watchStatistics(world.stats.url, pauseMs === undefined ? {} : { pauseMs });
    watches.push(watch);
    return watch;
  }

  const answeredAgain = (statistics: Ledger, sinceMs: number) =>
    eventually(
      'statistics are answered again',
      bound(10_000),
      () => requestsBegun(statistics, sinceMs, Infinity).filter((r) => r.answer === 200).length,
      (answered) => answered > 0,
    );
  const retried = () => readMetric(world.writer.url, 'write_retries_total');
  const faults = () => readMetric(world.writer.url, 'writer_faults_total');

  row(17, 'SIGKILL under load: ingest stays 202; the backlog is drained within 60 s', async () => {
    const load = world.load();
    const statistics = watched();
    const retriedBefore = await retried();
    for (let i = 0; i < times(10, 3); i += 1) {
      await sleep(full ? 1_000 : 500);
      await world.servers.postgres.kill('SIGKILL');
      const goneMs = performance.now();
      await sleep(full ? 1_000 : 500);
      // Whatever is asked while it is away is answered by 503.
      const meanwhile = await eventually(
        'statistics are asked',
        bound(5_000),
        () => requestsBegun(statistics.ledger, goneMs, performance.now()),
        (asked) => asked.length > 2,
      );
      expect([...new Set(meanwhile.map((r) => r.answer))]).toEqual([503]);
      const backMs = performance.now();
      await world.servers.postgres.restart();
      await answeredAgain(statistics.ledger, backMs);
    }
    const ledger = await load.finish();
    const healedMs = performance.now();
    await world.drained(bound(DRAINED_WITHIN_MS));
    expect(performance.now() - healedMs).toBeLessThanOrEqual(bound(DRAINED_WITHIN_MS));
    allWere202(ledger);
    expect(new Set(answersOf(await statistics.stop()).keys())).toEqual(new Set([200, 503]));
    expect(await retried()).toBeGreaterThan(retriedBefore);
    expect((await world.check()).violations).toEqual([]);
  });

  row(18, 'the answer to a write that is committed is dropped: 1 row', async () => {
    const ledger = world.ownLedger();
    for (let i = 0; i < times(20, 3); i += 1) {
      await world.drained();
      const twiceBefore = await readMetric(world.writer.url, 'events_duplicate_total');
      const retriedBefore = await retried();
      // A write is one statement, a transaction of its own: what says that it is committed is its answer. The number
      // of events tells it from all others.
      const events = freshEvents(random, 1_000 + random.below(900));
      const cut = world.links.writerToPostgres.cutBefore('to_client', (chunk) =>
        chunk.includes(answerOfWrite(events.length)),
      );
      await sendUntilAcknowledged(() => world.gateway.url, events, ledger);
      await within(20_000, 'the answer is dropped', cut);
      // Committed, and the writer does not know.
      expect(await rowsOf(world.db, events)).toBe(events.length);
      await world.drained();
      expect(await rowsOf(world.db, events)).toBe(events.length);
      // It wrote all of them once more, and PostgreSQL had them.
      await eventually(
        'the second write is counted',
        5_000,
        () => readMetric(world.writer.url, 'events_duplicate_total'),
        (twice) => twice === twiceBefore + events.length,
      );
      expect(await retried()).toBeGreaterThan(retriedBefore);
    }
    expect((await world.check()).violations).toEqual([]);
  });

  row(18, 'the answers to COMMIT, those of the index among them, are dropped: counted once', async () => {
    const load = world.load({ connections: 2, pauseMs: 30 });
    let dropped = 0;
    for (let i = 0; i < times(20, 4); i += 1) {
      // Others are heard in between: else the indexer would wait longer each time, as it should.
      let heard = random.below(3) + 1;
      const cut = world.links.writerToPostgres.cutBefore('to_client', (chunk) => {
        if (chunk.includes('COMMIT\0')) heard -= 1;
        return heard < 0;
      });
      await within(20_000, 'an answer to COMMIT is dropped', cut);
      dropped += 1;
    }
    allWere202(await load.finish());
    expect(dropped).toBe(times(20, 4));
    expect((await world.check()).violations).toEqual([]);
  });

  /** Nothing is heard of PostgreSQL, by anybody, in this direction, for longer than a statement may take. */
  async function silence(direction: Direction | undefined): Promise<void> {
    const { writerToPostgres, statsToPostgres } = world.links;
    const { writer, stats } = world;
    const pids = [writer.pid, stats.pid];
    const faultsBefore = await faults();
    const retriedBefore = await retried();
    const load = world.load();
    const statistics = [watched(50), watched(70)];
    // Statements are under way when it begins.
    writerToPostgres.delay(50);
    statsToPostgres.delay(50);
    await sleep(1_000);

    writerToPostgres.blackHole(direction);
    statsToPostgres.blackHole(direction);
    const beganMs = performance.now();
    await sleep(STATEMENT_TIMEOUT_MS + ANSWER_GRACE_MS + 3_000);
    // Its own deadline ended what it waited for.
    expect(await retried()).toBeGreaterThan(retriedBefore);
    const endsMs = performance.now();
    writerToPostgres.heal();
    statsToPostgres.heal();

    for (const { ledger } of statistics) {
      // Those that were begun in it, or were under way.
      const meanwhile = ledger.requests.filter((r) => endedMs(r) > beganMs + 100 && endedMs(r) < endsMs);
      expect(meanwhile.length).toBeGreaterThan(1);
      expect([...new Set(meanwhile.map((r) => r.answer))]).toEqual([503]);
      const durations = meanwhile.map((r) => r.durationMs);
      expect(Math.max(...durations)).toBeLessThanOrEqual(bound(STATISTICS_REFUSED_WITHIN_MS));
      expect(quantile(durations, 0.5)).toBeLessThanOrEqual(bound(REFUSED_AT_ONCE_MS));
      await answeredAgain(ledger, endsMs);
    }
    allWere202(await load.finish());
    // The writer, and the index that waited for an answer of its own: not as long as that may be waited for.
    await world.drained(DRAINED_WITHIN_MS);
    for (const watch of statistics) {
      expect([...answersOf(await watch.stop()).keys()].sort()).toEqual([200, 503]);
    }
    expect([writer.pid, stats.pid]).toEqual(pids);
    expect(await faults()).toBe(faultsBefore);
    expect((await world.check()).violations).toEqual([]);
  }

  row(20, 'black hole: deadlines end what waits, the pools recover without a restart', () =>
    silence(undefined),
  );
  row(20, 'black hole of answers alone: what was done unheard counts once', () => silence('to_client'), {
    onlyFull: true,
  });
});

describe("PostgreSQL's disk", () => {
  /** What the row has started; undone in every outcome, the last first. */
  const undos = createUndos();
  afterEach(() => undos.undoAll(), 90_000);

  row(
    19,
    'full: no acks, ingest stays 202, drains when freed; also where the log is full and it stops itself',
    async () => {
      const random = createRandom(SEED);
      const disk = mountSmallDisk({ mib: 256 });
      undos.add(() => disk.unmount());
      const servers = await startServersOnDisk('postgres', disk.directory, undos);
      const { postgres } = servers;
      const world = await startWorld({
        seed: SEED,
        servers,
        envOf: { 'jetstream-writer': writerEnvironment },
      });
      undos.add(() => world.stop());

      // No write of these fits into what is left of some page.
      const makeEvent = (id: string): SentEvent => {
        const padding = Array.from({ length: 40 }, () => random.uuid()).join('');
        return Object.assign(eventOf(id), { properties: { padding } });
      };
      /** A message that is acknowledged leaves the stream: from its beginning, or a hole in it. */
      const stream = async () => {
        const { jsm } = await world.nats.whenConnected();
        const { state } = await jsm.streams.info(DEFAULT_STREAM_NAMES.stream);
        return {
          firstSequence: state.first_seq,
          lastSequence: state.last_seq,
          holes: state.num_deleted ?? 0,
        };
      };
      const load = world.load({ batchEventsMax: 10, pauseMs: 30, makeEvent });

      const stoppedItself = () => /PANIC:.*No space left/.test(readFileSync(postgres.logFile, 'utf8'));
      for (const logToo of [false, true]) {
        // All of a new piece of its log is left to it: only the tables lack room.
        if (!logToo) await world.db.run((sql) => sql`SELECT pg_switch_wal()`);
        await sleep(1_000);
        const makeRoom = await fillDisk(disk.directory);
        undos.add(makeRoom);
        const seenBefore = timesIn(world.writer.output(), '53100');
        await eventually(
          'the disk is full for PostgreSQL',
          20_000,
          // In the second round its log may come to the end of its piece before any table needs room.
          () => timesIn(world.writer.output(), '53100') > seenBefore || (logToo && stoppedItself()),
          (noticed) => noticed,
        );
        // What was under way.
        await sleep(1_000);
        const before = await stream();
        if (logToo) {
          // The next piece of its log needs room as well; without, it stops itself.
          await world.db.run((sql) => sql`SELECT pg_switch_wal()`).catch(() => undefined);
        }
        await sleep(full ? 10_000 : 2_000);
        const after = await stream();
        expect(after.lastSequence).toBeGreaterThan(before.lastSequence);
        expect(after).toEqual({ ...before, lastSequence: after.lastSequence });

        const stopped = stoppedItself();
        expect(stopped).toBe(logToo);
        await makeRoom();
        if (stopped) await postgres.restart();
        await eventually(
          'what waited is acknowledged',
          bound(DRAINED_WITHIN_MS),
          stream,
          ({ firstSequence }) => firstSequence > after.lastSequence,
        );
      }
      allWere202(await load.finish());
      expect(await readMetric(world.writer.url, 'writer_faults_total')).toBe(0);
      expect((await world.check()).violations).toEqual([]);
    },
    { needsRoot: true },
  );
});

const timesIn = (text: string, what: string): number => text.split(what).length - 1;

/** What a write's answer begins with on the wire: two columns, the first is how many were inserted. */
function answerOfWrite(inserted: number): Buffer {
  const digits = Buffer.from(String(inserted));
  const header = Buffer.alloc(6);
  header.writeInt16BE(2);
  header.writeInt32BE(digits.length, 2);
  return Buffer.concat([header, digits]);
}

async function within<T>(ms: number, what: string, promise: Promise<T>): Promise<T> {
  const late = sleep(ms, undefined, { ref: false }).then(() => {
    throw new Error(`${what}: not within ${ms} ms`);
  });
  return await Promise.race([promise, late]);
}
