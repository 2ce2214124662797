import { startServers, type Servers } from '@event-analytics/stack';
import { createTcpProxy, type TcpProxy } from '@event-analytics/testkit';
import { bench, events, migrated, opened } from './fixture.js';

const open = opened();
let servers: Servers;
let toPostgres: TcpProxy;
let toNats: TcpProxy;
beforeAll(async () => {
  servers = await startServers({ only: ['postgres', 'nats'], mode: 'native' });
  await migrated(servers.postgresUrl);
});
beforeEach(async () => {
  toPostgres = await createTcpProxy(servers.postgresUrl);
  toNats = await createTcpProxy(servers.natsUrl);
});
afterEach(async () => {
  await open.closeAll();
  await Promise.all([toPostgres.close(), toNats.close()]);
});
afterAll(() => servers.stop());

async function working() {
  const b = await bench(open, { databaseUrl: servers.postgresUrl, natsUrl: servers.natsUrl });
  const writer = await b.startWriter({ DATABASE_URL: toPostgres.url, NATS_URL: toNats.url });
  await writer.waitReady();
  await b.publish(events(10));
  await b.drained();
  const ready = async () => (await fetch(`${writer.url}/health/ready`)).status;
  return { b, writer, ready };
}

/** Readiness within twice the deadline of a check. */
async function expectStatus(ready: () => Promise<number>, status: number, withinMs: number): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while ((await ready()) !== status && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(await ready()).toBe(status);
}

test.each(['postgres', 'nats'] as const)(
  '%s silent: not ready; back: ready, and it writes',
  async (name) => {
    const { b, ready } = await working();
    const proxy = { postgres: toPostgres, nats: toNats }[name];
    proxy.hold();
    await expectStatus(ready, 503, 5_000);
    proxy.heal();
    await expectStatus(ready, 200, 20_000);
    await b.publish(events(10));
    await b.drained();
  },
  90_000,
);

test('SIGTERM while both are silent and a batch is in hand: ends in order and in time; nothing is lost', async () => {
  const { b, writer } = await working();
  const before = (await b.totals()).rows;
  toPostgres.hold();
  await b.publish(events(100));
  await new Promise((resolve) => setTimeout(resolve, 300));
  toNats.hold();
  const began = performance.now();
  await writer.kill('SIGTERM');
  // SHUTDOWN_TIMEOUT_MS is 8 s.
  expect(performance.now() - began).toBeLessThan(16_000);
  expect(writer.output()).toMatch(/"event":"stopped".*"in_time":true/);
  toPostgres.heal();
  toNats.heal();
  const next = await b.startWriter();
  await next.waitReady();
  await b.drained();
  expect((await b.totals()).rows).toBe(before + 100);
}, 90_000);
