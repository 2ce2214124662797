import { freePort, startServers, type Servers } from '@event-analytics/stack';
import { createEventPublisher, ensureEventStream, watchDurability } from '../src/index.js';
import { bytes, eventually, opened, recordingLog, testNames } from './fixture.js';
import { newerServer, type NewerServer } from './newer-server.js';

const open = opened();
let servers: Servers;
let newer: NewerServer;
beforeAll(async () => {
  servers = await startServers({ only: ['nats'], mode: 'native' });
});
beforeEach(async () => {
  newer = await newerServer({ natsUrl: servers.natsUrl, monitoringUrl: monitoringUrl(), version: '2.12.1' });
});
afterEach(async () => {
  await open.closeAll();
  await newer.close();
});
afterAll(() => servers.stop());

const monitoringUrl = (): string => {
  if (servers.natsMonitorUrl === undefined) throw new Error('no monitoring');
  return servers.natsMonitorUrl;
};

async function strict(natsUrl: string, monitoringUrls: string[]) {
  const names = testNames();
  const log = recordingLog();
  const nats = await open.connect(natsUrl, log);
  const durability = watchDurability(nats, { stream: names.stream, monitoringUrls, log });
  open.onClose(() => durability.close());
  return { names, nats, log, durability };
}

test('a server that cannot sync before it acknowledges is refused for its version', async () => {
  const { nats, durability } = await strict(servers.natsUrl, [monitoringUrl()]);
  const version = nats.session()?.serverVersion ?? '';
  // Where the tests run with a newer one, it is refused because it is not told to sync.
  await expect(durability.require()).rejects.toMatchObject({
    name: 'StreamConfigError',
    message: expect.stringMatching(
      /^2\.[0-9]\./.test(version)
        ? /^STRICT_DURABILITY: NATS 2\..*cannot sync.*upgrade/
        : /sync_interval: always/,
    ),
  });
  expect(durability.unproven()).toBe(true);
});

test('one that syncs is published to, the stream made meanwhile', async () => {
  const { names, nats, durability } = await strict(newer.natsUrl, [newer.monitoringUrl]);
  const publisher = createEventPublisher(nats, { names, timeoutMs: 2_000, durability });
  open.onClose(() => publisher.close());
  await expect(publisher.publish(bytes('too early'))).rejects.toMatchObject({
    code: 'not_durable',
    outcome: 'refused',
  });
  await durability.require();
  await ensureEventStream(nats, { names, maxMessages: 10 });
  await durability.require();
  await publisher.publish(bytes('a'));
  expect(durability.unproven()).toBe(false);
});

test.each([
  ['does not sync', (server: NewerServer) => server.setSync({ sync_interval: 120e9 }), /syncs every 120 s/],
  ['is another', (server: NewerServer) => server.pretendToBe('NANOTHER'), /names no monitoring endpoint/],
  [
    'tells nothing',
    (server: NewerServer) => server.setSync(undefined),
    /answered 500.*set NATS_MONITORING_URL/,
  ],
])('one whose monitoring %s is refused in the end', async (_what, make, words) => {
  make(newer);
  const { durability } = await strict(newer.natsUrl, [newer.monitoringUrl]);
  await expect(durability.require()).rejects.toThrow(words);
});

test('monitoring that cannot be reached is refused, and the line says what to set', async () => {
  const { durability } = await strict(newer.natsUrl, [
    newer.monitoringUrl,
    `http://127.0.0.1:${String(await freePort())}`,
  ]);
  await expect(durability.require()).rejects.toThrow(
    /^STRICT_DURABILITY: the monitoring endpoint http:\/\/127\.0\.0\.1:\d+ cannot be read \(fetch failed, ECONNREFUSED\): set NATS_MONITORING_URL$/,
  );
});

test('after a reconnect it is proven again; a server that does not sync any more gets nothing', async () => {
  const { names, nats, durability, log } = await strict(newer.natsUrl, [newer.monitoringUrl]);
  await durability.require();
  await ensureEventStream(nats, { names, maxMessages: 10 });
  const publisher = createEventPublisher(nats, { names, timeoutMs: 2_000, refreshMs: 200, durability });
  open.onClose(() => publisher.close());
  await eventually(() => publisher.ready(), Boolean);

  newer.setSync({ sync_interval: 120e9 });
  await servers.nats?.kill('SIGKILL');
  await servers.nats?.restart();
  await eventually(() => durability.unproven(), Boolean);
  await eventually(
    () => log.events,
    (events) => events.includes('durability_unproven'),
  );
  await expect(publisher.publish(bytes('a'))).rejects.toMatchObject({ code: 'not_durable' });
  expect(publisher.ready()).toBe(false);

  newer.setSync({ sync_interval: 120e9, sync_always: true });
  await eventually(() => publisher.ready(), Boolean, 10_000);
  await publisher.publish(bytes('b'));
  expect(log.events).toContain('durability_proven');
  const stream = await nats.session()?.jsm.streams.info(names.stream);
  expect(stream?.state.messages).toBe(1);
});
