import { DEFAULT_STREAM_NAMES, streamLag } from '@event-analytics/nats-client';
import type { ServiceProcess } from '@event-analytics/stack';
import { createRandom, eventually, readMetric } from '@event-analytics/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventOf, freshEvents, type SentEvent } from '../src/event-of.js';
import type { Ledger } from '../src/ledger.js';
import { publishEvents } from '../src/publish-events.js';
import { redeliveries } from '../src/redeliveries.js';
import { rowsOf } from '../src/rows-of.js';
import { sendUntilAcknowledged } from '../src/send-batch.js';
import { startWorld, type World } from '../src/world.js';
import { full, row, SEED, times } from './row.js';

/** A writer has messages in hand for this long at least. */
const SLOW_DATABASE_MS = 150;

describe('the writer', () => {
  let world: World;
  const random = createRandom(SEED);

  beforeAll(async () => {
    world = await startWorld({ seed: SEED });
  }, 60_000);
  afterEach(() => world.heal(), 60_000);
  afterAll(() => world.stop(), 60_000);

  const redelivered = () => redeliveries(world.nats, DEFAULT_STREAM_NAMES);
  /** Delivered to some writer, and not acknowledged. */
  const inHand = async () => (await streamLag(world.nats, DEFAULT_STREAM_NAMES))?.ackPending ?? 0;
  const deadlocks = async () => {
    const [counted] = await world.db.run(
      (sql) => sql<{ n: number }[]>`
        SELECT deadlocks::int4 AS n FROM pg_stat_database WHERE datname = current_database()`,
    );
    return counted?.n ?? 0;
  };
  const sumOf = async (writers: readonly ServiceProcess[], metric: string) => {
    const values = await Promise.all(writers.map(({ url }) => readMetric(url, metric)));
    return values.reduce((sum, value) => sum + value, 0);
  };

  row(13, 'killed under load: what it held is redelivered', async () => {
    const kills = times(20, 3);
    const load = world.load();
    const before = await redelivered();
    let killsInHand = 0;
    for (let i = 0; i < kills; i += 1) {
      // It holds some at nearly every kill: it waits for PostgreSQL, sometimes for long.
      world.links.writerToPostgres.delay((i % 3) * SLOW_DATABASE_MS);
      await sleep(300 + random.below(300));
      await world.writer.kill('SIGKILL');
      if ((await inHand()) > 0) killsInHand += 1;
      world.links.writerToPostgres.heal();
      await world.writer.restart();
      await world.writer.waitReady();
    }
    await load.finish();
    expect(killsInHand).toBeGreaterThanOrEqual(kills / 2);
    expect((await world.check()).violations).toEqual([]);
    expect((await redelivered()) - before).toBeGreaterThanOrEqual(killsInHand);
  });

  row(14, 'killed between COMMIT and ack: 1 row', async () => {
    const ledger = world.ownLedger();
    await world.writer.stop();
    const deaths: string[] = [];
    const dying = await world.startAnother('jetstream-writer', { WRITER_FAILPOINT: 'after_commit' });
    dying.onUnexpectedExit((how) => deaths.push(how));
    for (let i = 0; i < times(8, 2); i += 1) {
      if (i > 0) {
        await world.writer.stop();
        await dying.restart();
        await dying.waitReady();
      }
      // One batch: one message, one transaction. Several: other transactions are under way when it dies.
      const batches = Array.from({ length: i % 2 === 0 ? 1 : 30 }, () =>
        freshEvents(random, 1 + random.below(40)),
      );
      const events = batches.flat();
      await Promise.all(
        batches.map((batch) => sendUntilAcknowledged(() => world.gateway.url, batch, ledger)),
      );
      await eventually(
        'it is dead',
        20_000,
        () => deaths.length,
        (count) => count === i + 1,
      );
      // Committed, and not acknowledged.
      const committed = await rowsOf(world.db, events);
      expect(committed).toBeGreaterThan(0);
      if (batches.length === 1) expect(committed).toBe(events.length);
      expect(await inHand()).toBeGreaterThan(0);

      const before = await redelivered();
      await world.writer.restart();
      await world.drained();
      expect(await redelivered()).toBeGreaterThan(before);
      expect(await readMetric(world.writer.url, 'events_duplicate_total')).toBeGreaterThanOrEqual(committed);
      expect(await rowsOf(world.db, events)).toBe(events.length);
    }
    expect(new Set(deaths)).toEqual(new Set(['by SIGKILL']));
    expect((await world.check()).violations).toEqual([]);
  });

  row(15, 'paused past ack_wait, a second one running: 1 row', async () => {
    const another = await world.startAnother('jetstream-writer');
    const writers = [world.writer, another];
    for (let i = 0; i < times(6, 1); i += 1) {
      const before = await redelivered();
      const twiceBefore = await sumOf(writers, 'events_duplicate_total');
      // Neither of them is done with anything soon.
      world.links.writerToPostgres.delay(SLOW_DATABASE_MS);
      const load = world.load({ resentShare: 0 });
      await sleep(500);
      const paused = writers[i % 2] ?? another;
      await paused.kill('SIGSTOP');
      world.links.writerToPostgres.heal();
      await load.finish();

      // All that it held was delivered to the other, and acknowledged by it.
      await world.drained();
      expect((await redelivered()) - before).toBeGreaterThan(0);
      const rows = await rowsOf(world.db, [...load.ledger.sent.keys()].map(eventOf));
      expect(rows).toBe(load.ledger.sent.size);

      await paused.kill('SIGCONT');
      // It goes on with what it holds, as if nothing had been.
      await eventually(
        'it has done with what it held',
        20_000,
        () => readMetric(paused.url, 'writer_held_messages'),
        (held) => held === 0,
      );
      expect(await sumOf(writers, 'events_duplicate_total')).toBeGreaterThan(twiceBefore);
      expect((await world.check()).violations).toEqual([]);
    }
    await another.stop();
  });

  row(16, 'two writers, overlapping ids in opposite order: all stored', async () => {
    const count = full ? 20_000 : 5_000;
    const writers = [
      world.writer,
      await world.startAnother('jetstream-writer', { WRITER_BATCH_EVENTS: String(count / 10) }),
    ];
    const ledger = world.ownLedger();
    const deadlocksBefore = await deadlocks();
    const ingested = () => Promise.all(writers.map(({ url }) => readMetric(url, 'events_ingested_total')));
    // One of them may be given all of a round.
    const bothWrote = async () => (await ingested()).every((events) => events > 0);
    for (let i = 0; i < times(5, 1) || (i < 5 && !(await bothWrote())); i += 1) {
      const storedBefore = await sumOf(writers, 'events_ingested_total');
      const events = freshEvents(random, count);
      const opposite = [...events].reverse();
      // Side by side, so that what both are given next is from both ends.
      await Promise.all([
        publishEvents(world.nats, events, ledger, { perMessage: count / 20 }),
        publishEvents(world.nats, opposite, ledger, { perMessage: count / 20 }),
        publishEvents(world.nats, random.shuffle([...events]), ledger, { perMessage: count / 50 }),
        publishEvents(world.nats, opposite, ledger, { perMessage: count / 40 }),
      ]);
      await world.drained();
      expect(await rowsOf(world.db, events)).toBe(count);
      await eventually(
        'the writers have counted',
        5_000,
        () => sumOf(writers, 'events_ingested_total'),
        (stored) => stored - storedBefore === count,
      );
    }
    expect(await bothWrote()).toBe(true);
    expect(await sumOf(writers, 'writer_faults_total')).toBe(0);
    expect((await world.check()).violations).toEqual([]);
    process.stdout.write(`row 16: ${(await deadlocks()) - deadlocksBefore} deadlocks\n`);
  });

  row(16, 'a deadlock made on purpose stays inside', async () => {
    const ledger = world.ownLedger();
    const before = await deadlocks();
    for (let i = 0; i < times(5, 1); i += 1) {
      await deadlockTheWriter(freshEvents(random, 200), ledger);
      await world.drained();
    }
    expect((await deadlocks()) - before).toBe(times(5, 1));
    expect(await readMetric(world.writer.url, 'writer_faults_total')).toBe(0);
    expect((await world.check()).violations).toEqual([]);
  });

  /** Has the writer wait for a row of ours, and then waits for one of its own; it is the one that PostgreSQL undoes. */
  async function deadlockTheWriter(events: readonly SentEvent[], ledger: Ledger): Promise<void> {
    const [first, ...others] = [...events].sort((a, b) => (a.event_id < b.event_id ? -1 : 1));
    const last = others.at(-1);
    if (!first || !last) throw new Error('it takes two');
    const insert = ({ event_id, occurred_at, user_id, event_type }: SentEvent) =>
      `INSERT INTO events (event_id, occurred_at, user_id, event_type, properties)
       VALUES ('${event_id}', '${occurred_at}', '${user_id}', '${event_type}', '{}')`;
    const undone = new Error('undone');
    const ours = world.db.transaction(async (sql) => {
      // Who waits for longer than this looks for deadlocks and gives way: not we.
      await sql.unsafe(`SET LOCAL deadlock_timeout = '1min'`);
      await sql.unsafe(insert(last));
      await publishEvents(world.nats, events, ledger, { perMessage: events.length });
      await eventually(
        'the writer waits',
        10_000,
        () =>
          sql<{ n: number }[]>`
            SELECT count(*)::int4 AS n FROM pg_stat_activity
            WHERE application_name = 'jetstream-writer' AND wait_event_type = 'Lock'`,
        ([waiting]) => waiting?.n === 1,
      );
      await sql.unsafe(insert(first));
      throw undone;
    });
    await expect(ours).rejects.toBe(undone);
  }
});
