import { DEFAULT_STREAM_NAMES, streamLag } from '@event-analytics/nats-client';
import { createRandom, eventually } from '@event-analytics/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { freshEvents } from '../src/event-of.js';
import {
  answersOf,
  requestsBegun,
  requestsWithin,
  takenAgainMs,
  type Ledger,
  type Request,
} from '../src/ledger.js';
import { rowsOf, rowsOfAll } from '../src/rows-of.js';
import { sendBatch, sendUntilAcknowledged } from '../src/send-batch.js';
import { startWorld, type World } from '../src/world.js';
import { bound, full, row, SEED, times } from './row.js';

/** What the stream cannot take is refused, within the time that the contract gives. */
const REFUSED_WITHIN_MS = 2_500;
/** A killed server's leftovers are removed by the writer, at the latest after a minute. */
const PURGED_WITHIN_MS = 75_000;

describe('NATS', () => {
  let world: World;
  const random = createRandom(SEED);

  beforeAll(async () => {
    world = await startWorld({ seed: SEED });
  }, 60_000);
  afterEach(() => world.heal(), 60_000);
  afterAll(() => world.stop(), 60_000);

  const kindsOf = (requests: readonly Request[]) => [...new Set(requests.map((r) => r.answer))];
  const rows = () => rowsOfAll(world.db);

  /** Nothing is sent again after its 202: Redis knows it, and for that nobody needs NATS. */
  const newEventsOnly = () => world.load({ resentShare: 0 });

  /** How long after the moment the gateway took events again. */
  async function takenAgainAfterMs(ledger: Ledger, sinceMs: number, timeoutMs: number): Promise<number> {
    const atMs = await eventually(
      'events are taken again',
      timeoutMs,
      () => takenAgainMs(ledger, sinceMs),
      (ms) => ms !== undefined,
    );
    return (atMs ?? Infinity) - sinceMs;
  }

  row(
    5,
    'SIGKILL NATS: only 503 meanwhile, taking again within 5 s, the stream is empty in the end',
    async () => {
      const load = newEventsOnly();
      const takenAfterMs: number[] = [];
      for (let i = 0; i < times(20, 3); i += 1) {
        await sleep(full ? 500 : 300);
        await world.servers.nats.kill('SIGKILL');
        const goneMs = performance.now();
        await sleep(full ? 500 : 300);
        expect(kindsOf(requestsWithin(load.ledger, goneMs, performance.now()))).toEqual([503]);
        await world.servers.nats.restart();
        takenAfterMs.push(await takenAgainAfterMs(load.ledger, performance.now(), bound(5_000)));
      }
      const ledger = await load.finish();
      expect(Math.max(...takenAfterMs)).toBeLessThanOrEqual(bound(5_000));
      expect(new Set(answersOf(ledger).keys())).toEqual(new Set([202, 503]));
      expect((await world.check()).violations).toEqual([]);
      await eventually(
        'the stream is empty',
        PURGED_WITHIN_MS,
        () => streamLag(world.nats, DEFAULT_STREAM_NAMES),
        (lag) => lag?.messages === 0,
      );
    },
  );

  /**
   * NATS is not heard for a while, under load. Some batches are sent once at its beginning and not again before it is
   * over: whether they are in the stream is unknown, and no retry can be the reason why they are stored.
   */
  async function silence(o: {
    begin: () => unknown;
    end: () => unknown;
    forMs: number;
    takenWithinMs: number;
  }): Promise<{ storedUnknown: number }> {
    const load = newEventsOnly();
    const lone = world.ownLedger();
    await sleep(500);

    await o.begin();
    const beganMs = performance.now();
    const batches = Array.from({ length: 5 }, () => freshEvents(random, 3));
    const answers = Promise.all(batches.map((events) => sendBatch(world.gateway.url, events, lone)));
    await sleep(o.forMs);
    const endsMs = performance.now();
    await o.end();
    expect(await answers).toEqual(batches.map(() => 503));

    // Not by the load's retries: some of them wait a moment longer than the network is away.
    const takenAfterMs = await takenAgainAfterMs(load.ledger, endsMs, o.takenWithinMs);
    expect(takenAfterMs).toBeLessThanOrEqual(o.takenWithinMs);
    const ledger = await load.finish();
    expect(kindsOf(requestsWithin(ledger, beganMs, endsMs))).toEqual([503]);
    const meanwhile = requestsBegun(ledger, beganMs, endsMs);
    expect(meanwhile.length).toBeGreaterThan(10);
    const slowestMs = Math.max(...[...meanwhile, ...lone.requests].map((r) => r.durationMs));
    expect(slowestMs).toBeLessThanOrEqual(bound(REFUSED_WITHIN_MS));

    await world.drained();
    const storedUnknown = await rowsOf(world.db, batches.flat());
    for (const events of batches) await sendUntilAcknowledged(() => world.gateway.url, events, lone);
    const check = await world.check();
    expect(check.violations).toEqual([]);
    expect(await rowsOf(world.db, batches.flat())).toBe(lone.sent.size);
    return { storedUnknown };
  }

  row(6, 'SIGSTOP NATS 10 s: 503 within 2.5 s; what was stored unknown counts once', async () => {
    const { nats } = world.servers;
    const { storedUnknown } = await silence({
      begin: () => nats.kill('SIGSTOP'),
      end: () => nats.kill('SIGCONT'),
      forMs: full ? 10_000 : 3_000,
      takenWithinMs: bound(15_000),
    });
    // It read them once it went on.
    expect(storedUnknown).toBeGreaterThan(0);
  });

  row(7, 'black hole to NATS: 503 within 2.5 s; reconnected within 15 s', async () => {
    const { gatewayToNats, writerToNats } = world.links;
    let healedMs = 0;
    let rowsThen = 0;
    let storedAgainMs = Promise.resolve(0);
    await silence({
      begin() {
        gatewayToNats.blackHole();
        writerToNats.blackHole();
      },
      async end() {
        gatewayToNats.heal();
        writerToNats.heal();
        healedMs = performance.now();
        rowsThen = await rows();
        storedAgainMs = eventually(
          'the writer stores again',
          bound(15_000),
          rows,
          (now) => now > rowsThen,
        ).then(() => performance.now());
        storedAgainMs.catch(() => undefined);
      },
      forMs: full ? 10_000 : 4_000,
      takenWithinMs: bound(15_000),
    });
    expect((await storedAgainMs) - healedMs).toBeLessThanOrEqual(bound(15_000));
  });

  row(8, 'only PubAcks dropped: 503, then the retry: 1 row', async () => {
    const { gatewayToNats } = world.links;
    const ledger = world.ownLedger();
    const batches = Array.from({ length: 10 }, () => freshEvents(random, 3));
    gatewayToNats.blackHole('to_client');
    const answers = await Promise.all(batches.map((events) => sendBatch(world.gateway.url, events, ledger)));
    expect(answers).toEqual(batches.map(() => 503));
    // All of them were in the stream, and nobody knew.
    await eventually(
      'they are stored',
      20_000,
      () => rowsOf(world.db, batches.flat()),
      (count) => count === batches.flat().length,
    );
    expect(ledger.acknowledged.size).toBe(0);
    gatewayToNats.heal();
    await Promise.all(
      batches.map((events) => sendUntilAcknowledged(() => world.gateway.url, events, ledger)),
    );
    expect(ledger.acknowledged.size).toBe(ledger.sent.size);
    const check = await world.check();
    expect(check.violations).toEqual([]);
    expect(await rowsOf(world.db, batches.flat())).toBe(batches.flat().length);
  });
});
