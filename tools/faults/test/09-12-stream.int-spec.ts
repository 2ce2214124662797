import { DEFAULT_STREAM_NAMES, ensureEventStream, maxBytesProblem } from '@event-analytics/nats-client';
import {
  createRandom,
  eventually,
  mountSmallDisk,
  readMetric,
  type StartSystemOptions,
} from '@event-analytics/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventOf, freshEvents, type SentEvent } from '../src/event-of.js';
import { answersOf, type Answer, type Ledger } from '../src/ledger.js';
import { installedNatsVersion } from '../src/nats-version.js';
import { runToEnd, type Ended } from '../src/run-to-end.js';
import { sendBatch, sendUntilAcknowledged } from '../src/send-batch.js';
import { readStream } from '../src/stream-content.js';
import { startServersOnDisk } from '../src/servers-on-disk.js';
import { createUndos } from '../src/undos.js';
import { startWorld, type World } from '../src/world.js';
import { bound, full, row, SEED, times } from './row.js';

const NATS_VERSION = installedNatsVersion() ?? 'unknown';

describe('the stream', () => {
  const random = createRandom(SEED);
  /** What a row has started; undone in every outcome, the last first. */
  const undos = createUndos();
  afterEach(() => undos.undoAll(), 90_000);

  /** Of its own for each row: each ruins its stream in another way. */
  async function ownWorld(o: StartSystemOptions = {}): Promise<World> {
    const world = await startWorld({ ...o, seed: SEED });
    undos.add(() => world.stop());
    return world;
  }
  const missingFrom = (ids: ReadonlySet<string>, ledger: Ledger) =>
    [...ledger.acknowledged].filter((id) => !ids.has(id));
  const statusOf = async (url: string) => (await fetch(url)).status;
  const streamsOf = async ({ nats }: World) => {
    const { jsm } = await nats.whenConnected();
    const names: string[] = [];
    for await (const page of jsm.streams.list()) names.push(page.config.name);
    return names;
  };

  /** Sends batch after batch until one is refused. @returns what that was answered */
  async function untilRefused(world: World, ledger: Ledger, batch: () => SentEvent[]): Promise<Answer> {
    for (;;) {
      const answer = await sendBatch(world.gateway.url, batch(), ledger);
      if (answer !== 202) return answer;
    }
  }

  row(9, 'max_msgs reached, writer stopped: 503, nothing evicted; writer started: recovers', async () => {
    const messagesMax = 300;
    const world = await ownWorld({ env: { STREAM_MAX_MESSAGES: String(messagesMax) } });
    await world.writer.stop();
    const ledger = world.ownLedger();
    const connections = [1, 2, 3, 4];
    const refusals = await Promise.all(
      connections.map(() => untilRefused(world, ledger, () => freshEvents(random, 1))),
    );
    expect(refusals).toEqual(connections.map(() => 503));

    const filled = await readStream(world.nats, DEFAULT_STREAM_NAMES);
    expect(filled.messages).toBe(messagesMax);
    for (let i = 0; i < times(200, 50); i += 1) {
      expect(await sendBatch(world.gateway.url, freshEvents(random, 1), ledger)).toBe(503);
    }
    expect(await readStream(world.nats, DEFAULT_STREAM_NAMES)).toEqual(filled);
    expect(filled.firstSequence).toBe(1);
    expect(missingFrom(filled.eventIds, ledger)).toEqual([]);

    const load = world.load();
    await sleep(500);
    expect(new Set(answersOf(load.ledger).keys())).toEqual(new Set([503]));
    await world.writer.restart();
    await eventually(
      'events are taken again',
      bound(15_000),
      () => answersOf(load.ledger).get(202) ?? 0,
      (count) => count > 20,
    );
    await load.finish();
    expect((await world.check()).violations).toEqual([]);
  });

  row(
    10,
    'max_bytes with discard:new on a NATS that would evict: refuses to start, says why',
    async () => {
      const world = await ownWorld();
      const names = { ...DEFAULT_STREAM_NAMES, stream: 'BOUNDED', subject: 'bounded.ingest' };
      const start = (app: 'ingest-gateway' | 'jetstream-writer', env: Record<string, string> = {}) => {
        const bounded = { NATS_STREAM: names.stream, NATS_SUBJECT: names.subject };
        return runToEnd(app, { ...world.environmentOf(app), ...bounded, ...env }, { timeoutMs: 20_000 });
      };
      const expectRefusal = ({ exitCode, lines }: Ended) => {
        expect(exitCode).toBeGreaterThan(0);
        const why = `max_bytes is 1000000 and NATS ${NATS_VERSION} with discard:new would evict acknowledged messages`;
        expect(lines).toContainEqual(expect.stringContaining(why));
      };

      // Asked for by a setting: it is not even made.
      for (const app of ['ingest-gateway', 'jetstream-writer'] as const) {
        expectRefusal(await start(app, { STREAM_MAX_BYTES: '1000000' }));
        expect(await streamsOf(world)).not.toContain(names.stream);
      }
      // Given to the stream by hand.
      await ensureEventStream(world.nats, { names, maxMessages: 1_000 });
      const { jsm } = await world.nats.whenConnected();
      await jsm.streams.update(names.stream, { max_bytes: 1_000_000 });
      for (const app of ['ingest-gateway', 'jetstream-writer'] as const) expectRefusal(await start(app));
    },
    {
      doesNotApply:
        NATS_VERSION === 'unknown' || maxBytesProblem(1, NATS_VERSION) !== undefined
          ? undefined
          : `does not apply: NATS ${NATS_VERSION} evicts nothing`,
    },
  );

  /** NATS writes its stream as files of 8 MiB; one that it could only just make leaves it with odd numbers. */
  const row11 = (where: string, eventsInMessage: number, { onlyFull }: { onlyFull: boolean }) =>
    row(
      11,
      `NATS on a small tmpfs, filled ${where}: 503, not ready within 5 s; space and a restart: every acked message present`,
      async () => {
        const disk = mountSmallDisk({ mib: 48, keptMib: 24 });
        undos.add(() => disk.unmount());
        const servers = await startServersOnDisk('nats', disk.directory, undos);
        const { nats } = servers;
        const world = await ownWorld({ servers });

        await world.writer.stop();
        const ledger = world.ownLedger();
        // One message.
        const large = () =>
          freshEvents(random, eventsInMessage).map((e) => ({
            ...e,
            properties: { padding: 'x'.repeat(32_000) },
          }));
        expect(await untilRefused(world, ledger, large)).toBe(503);
        await eventually(
          'the gateway is not ready',
          bound(5_000),
          () => statusOf(`${world.gateway.url}/health/ready`),
          (status) => status === 503,
        );
        for (let i = 0; i < 20; i += 1) expect(await sendBatch(world.gateway.url, large(), ledger)).toBe(503);
        expect(Math.max(...ledger.requests.map((r) => r.durationMs))).toBeLessThanOrEqual(bound(2_500));

        disk.makeRoom();
        // It hangs and takes no orders: the restart waits ten seconds for it, then kills it.
        if (!full) await nats.kill('SIGKILL');
        await nats.restart();
        const { eventIds } = await readStream(world.nats, DEFAULT_STREAM_NAMES);
        expect(missingFrom(eventIds, ledger)).toEqual([]);
        await world.writer.restart();
        await sendUntilAcknowledged(() => world.gateway.url, freshEvents(random, 10), ledger);
        expect((await world.check()).violations).toEqual([]);
      },
      { needsRoot: true, onlyFull },
    );
  row11('where a file begins', 16, { onlyFull: false });
  row11('in the middle of a file', 11, { onlyFull: true });

  row(12, 'stream deleted while running: 503 and an alarm metric; never silently made anew', async () => {
    const world = await ownWorld();
    const url = world.gateway.url;
    // Without load, and drained: what is in a deleted stream is lost by the hand that deletes it.
    const before = world.load();
    await sleep(500);
    await before.finish();
    await world.drained();
    const { jsm } = await world.nats.whenConnected();
    await jsm.streams.delete(DEFAULT_STREAM_NAMES.stream);

    const ledger = world.ownLedger();
    expect(await sendBatch(url, freshEvents(random, 3), ledger)).toBe(503);
    for (const service of [world.gateway, world.writer]) {
      await eventually(
        `${service.name} raises the alarm`,
        bound(5_000),
        () => readMetric(service.url, 'event_stream_missing'),
        (value) => value === 1,
      );
    }
    const untilMs = performance.now() + (full ? 20_000 : 5_000);
    // Reconnecting is no start, either.
    world.links.gatewayToNats.cut();
    world.links.writerToNats.cut();
    while (performance.now() < untilMs) {
      expect(await streamsOf(world)).not.toContain(DEFAULT_STREAM_NAMES.stream);
      await sendBatch(url, freshEvents(random, 3), ledger);
      await sleep(100);
    }
    expect([...answersOf(ledger).keys()]).toEqual([503]);
    for (const service of [world.gateway, world.writer]) {
      expect(await readMetric(service.url, 'event_stream_missing')).toBe(1);
      expect(await statusOf(`${service.url}/health/ready`)).toBe(503);
    }

    // An operator's decision: a start makes it. The writer takes it up by itself.
    await world.gateway.restart();
    const again = [...before.ledger.sent.keys()].slice(0, 40).map(eventOf);
    // The marks of the old stream's events count for nothing in the new one: sent again, they are published again.
    await sendUntilAcknowledged(() => url, again, ledger);
    await sendUntilAcknowledged(() => url, freshEvents(random, 3), ledger);
    expect((await world.check()).violations).toEqual([]);
    expect(await readMetric(world.writer.url, 'event_stream_missing')).toBe(0);
  });
});
