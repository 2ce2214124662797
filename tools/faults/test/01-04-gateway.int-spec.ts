import type { ServiceProcess } from '@event-analytics/stack';
import { createRandom, eventually, postEvents } from '@event-analytics/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshEvents, type SentEvent } from '../src/event-of.js';
import { answersOf, endedMs, noteAcknowledged, noteSent, type Ledger, type Request } from '../src/ledger.js';
import { rowsOf } from '../src/rows-of.js';
import { sendBatch, sendUntilAcknowledged } from '../src/send-batch.js';
import { startWorld, type World } from '../src/world.js';
import { bound, row, SEED, times } from './row.js';

describe('the gateway', () => {
  let world: World;
  const random = createRandom(SEED);

  beforeAll(async () => {
    world = await startWorld({ seed: SEED });
  }, 60_000);
  afterEach(() => world.heal(), 60_000);
  afterAll(() => world.stop(), 60_000);

  /** Begun before a moment, and not answered by then. */
  const inHandAt = (ledger: Ledger, ms: number): Request[] =>
    ledger.requests.filter((r) => r.startedMs < ms && endedMs(r) > ms);
  const allIsAcknowledged = ({ sent, acknowledged }: Ledger) => expect(acknowledged.size).toBe(sent.size);

  row(1, 'killed under load: retries succeed', async () => {
    const kills = times(20, 3);
    const load = world.load({ connections: 8 });
    const killedMs: number[] = [];
    for (let i = 0; i < kills; i += 1) {
      // A request takes long enough for each kill to find some in hand.
      world.links.gatewayToNats.delay((i % 3) * 10);
      await sleep(300);
      killedMs.push(performance.now());
      await world.gateway.kill('SIGKILL');
      await world.gateway.restart();
    }
    world.links.gatewayToNats.heal();
    const ledger = await load.finish();
    const cutOff = killedMs.map((ms) => inHandAt(ledger, ms).filter((r) => r.answer === 'no answer').length);
    expect(cutOff.filter((count) => count > 0).length).toBeGreaterThanOrEqual(kills / 2);
    // What it may say while it finds its servers; never that it has an error.
    expect([202, 503, 'no answer']).toEqual(expect.arrayContaining([...answersOf(ledger).keys()]));
    allIsAcknowledged(ledger);
    expect((await world.check()).violations).toEqual([]);
  });

  /** A gateway that dies at that point, given a batch each time; the others retry it there. */
  async function dyingAt(
    failpoint: 'before_publish' | 'after_publish',
    whenDead: (events: SentEvent[]) => Promise<void>,
  ): Promise<void> {
    const deaths: string[] = [];
    const dying = await world.startAnother('ingest-gateway', { GATEWAY_FAILPOINT: failpoint });
    dying.onUnexpectedExit((how) => deaths.push(how));
    const ledger = world.ownLedger();
    for (let i = 0; i < times(10, 2); i += 1) {
      if (i > 0) {
        await dying.restart();
        await dying.waitReady();
      }
      const events = freshEvents(random, 1 + random.below(40));
      expect(await sendBatch(dying.url, events, ledger)).toBe('no answer');
      await eventually(
        'it is dead',
        5_000,
        () => deaths.length,
        (count) => count === i + 1,
      );
      await whenDead(events);
      expect(await sendBatch(world.gateway.url, events, ledger)).toBe(202);
      await world.drained();
      expect(await rowsOf(world.db, events)).toBe(events.length);
    }
    expect(new Set(deaths)).toEqual(new Set(['by SIGKILL']));
    allIsAcknowledged(ledger);
    expect((await world.check()).violations).toEqual([]);
  }

  row(2, 'killed after publish, before its answer: retry 202, 1 row', () =>
    // It was published: it is there before anybody retries.
    dyingAt('after_publish', (events) =>
      eventually(
        'what was published is stored',
        20_000,
        () => rowsOf(world.db, events),
        (rows) => rows === events.length,
      ).then(() => undefined),
    ),
  );

  row(3, 'killed before publish: the retry stores, 1 row', () =>
    dyingAt('before_publish', async (events) => {
      await world.drained();
      expect(await rowsOf(world.db, events)).toBe(0);
    }),
  );

  row(4, 'SIGTERM under load: requests in hand finish, exit 0 within 10 s', async () => {
    const ends: string[] = [];
    world.gateway.onUnexpectedExit((how) => ends.push(how));
    const rounds = times(10, 4);
    const load = world.load({ connections: 16, pauseMs: 0 });
    const toldMs: number[] = [];
    for (let i = 0; i < rounds; i += 1) {
      // Every second time all requests are long under way; else they are in all states, some just being sent.
      world.links.gatewayToNats.delay(i % 2 === 0 ? 100 : 0);
      await sleep(500);
      toldMs.push(performance.now());
      await stopsWithin(world.gateway, bound(10_000));
      await world.gateway.restart();
    }
    world.links.gatewayToNats.heal();
    const ledger = await load.finish();
    expect(ends).toEqual(Array.from({ length: rounds }, () => 'with exit code 0'));
    toldMs.forEach((ms, i) => {
      const inHand = inHandAt(ledger, ms);
      expect(inHand.length).toBeGreaterThanOrEqual(i % 2 === 0 ? 10 : 1);
      expect(inHand.map((r) => r.answer)).toEqual(inHand.map(() => 202));
    });
    allIsAcknowledged(ledger);
    expect((await world.check()).violations).toEqual([]);
  });

  row(24, '100 concurrent requests with the same id, two gateways: all 202, 1 row', async () => {
    const urls = [world.gateway.url, (await world.startAnother('ingest-gateway')).url];
    const ledger = world.ownLedger();
    for (let round = 0; round < times(20, 3); round += 1) {
      const events = freshEvents(random, 1);
      noteSent(ledger, events);
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_, i) => postEvents(urls[i % 2] ?? '', events)),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 202));
      noteAcknowledged(ledger, events);
      const counts = answers.map(({ body }) => [body['accepted'], body['duplicates']]);
      expect([
        [1, 0],
        [0, 1],
      ]).toEqual(expect.arrayContaining(counts));
      expect(counts).toContainEqual([1, 0]);
      // Remembered by now, and still no more than one.
      await sendUntilAcknowledged(() => urls[round % 2] ?? '', events, ledger);
      await world.drained();
      expect(await rowsOf(world.db, events)).toBe(1);
    }
    expect((await world.check()).violations).toEqual([]);
  });
});

/** SIGTERM as an operator sends it: nobody here is told to expect the end. */
async function stopsWithin(service: ServiceProcess, timeoutMs: number): Promise<void> {
  process.kill(service.pid, 'SIGTERM');
  await eventually(
    'it ends',
    timeoutMs,
    () => service.pid,
    (pid) => pid === 0,
  );
}
