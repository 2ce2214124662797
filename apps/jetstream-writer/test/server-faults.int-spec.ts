import { startServers, type Servers } from '@event-analytics/stack';
import { bench, event, events, eventually, metric, migrated, opened } from './fixture.js';

const open = opened();
let servers: Servers;
beforeEach(async () => {
  servers = await startServers({ only: ['postgres', 'nats'], mode: 'native' });
});
afterEach(async () => {
  await open.closeAll();
  await servers.stop();
});

const own = () => ({ databaseUrl: servers.postgresUrl, natsUrl: servers.natsUrl });
const health = async (url: string) => {
  const response = await fetch(`${url}/health`);
  return {
    status: response.status,
    body: (await response.json()) as { dependencies: Record<string, { status: string }> },
  };
};

test('starts while both servers are down, says so, and goes on when they come', async () => {
  await migrated(servers.postgresUrl);
  const b = await bench(open, own());
  await b.publish(events(100));
  await Promise.all([servers.postgres!.stop(), servers.nats!.stop()]);
  const writer = await b.startWriter();
  expect((await fetch(`${writer.url}/health/live`)).status).toBe(200);
  expect((await fetch(`${writer.url}/health/ready`)).status).toBe(503);
  const down = await health(writer.url);
  expect(down.status).toBe(503);
  expect(down.body.dependencies).toMatchObject({ postgres: { status: 'down' }, nats: { status: 'down' } });

  await servers.postgres!.restart();
  await servers.nats!.restart();
  await writer.waitReady();
  await b.drained();
  expect((await b.totals()).rows).toBe(100);
  expect((await health(writer.url)).status).toBe(200);
}, 90_000);

test('PostgreSQL killed again and again: events wait in the stream, then all are stored once', async () => {
  await migrated(servers.postgresUrl);
  const b = await bench(open, own());
  const writer = await b.startWriter({ WRITER_BATCH_EVENTS: '200' });
  await writer.waitReady();
  let sent = 0;
  let running = true;
  const publishing = (async () => {
    while (running) {
      await b.publish(events(50));
      sent += 50;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await servers.postgres!.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await servers.postgres!.restart();
  }
  running = false;
  await publishing;
  const healedMs = Date.now();
  await b.drained(60_000);
  expect(Date.now() - healedMs).toBeLessThan(60_000);
  expect(
    await eventually(
      () => b.totals().catch(() => undefined),
      (totals) => totals !== undefined,
    ),
  ).toMatchObject({
    rows: sent,
    distinctKeys: sent,
    logEvents: sent,
    activityDifferences: 0,
  });
  expect(await metric(writer, 'write_retries_total', 'kind="retryable"')).toBeGreaterThan(0);
  expect(await metric(writer, 'writer_faults_total')).toBe(0);
}, 120_000);

test('NATS killed again and again under load: all that was acknowledged is stored once', async () => {
  await migrated(servers.postgresUrl);
  const b = await bench(open, own());
  const writer = await b.startWriter({ WRITER_BATCH_EVENTS: '200' });
  await writer.waitReady();
  const acknowledged: string[] = [];
  let attempted = 0;
  let running = true;
  const publishing = Array.from({ length: 4 }, async () => {
    while (running) {
      const batch = events(20);
      attempted += batch.length;
      // The same ids again until the answer is yes, as a client does.
      while (
        !(await b.publish(batch).then(
          () => true,
          () => false,
        ))
      ) {
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      acknowledged.push(...batch.map((e) => e.event_id));
    }
  });
  for (let round = 0; round < 3; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 700));
    await servers.nats!.kill('SIGKILL');
    await servers.nats!.restart();
  }
  await new Promise((resolve) => setTimeout(resolve, 500));
  running = false;
  await Promise.all(publishing);
  expect(acknowledged).toHaveLength(attempted);
  await b.drained(60_000);
  expect(await b.totals()).toMatchObject({
    rows: attempted,
    distinctKeys: attempted,
    logEvents: attempted,
    activityDifferences: 0,
  });
}, 120_000);

test('SIGTERM under load: what is in hand is finished and acknowledged, exit in time, nothing lost', async () => {
  await migrated(servers.postgresUrl);
  const b = await bench(open, own());
  const env = { WRITER_BATCH_EVENTS: '100', WRITER_ACK_WAIT_MS: '60000' };
  const writer = await b.startWriter(env);
  await writer.waitReady();
  const publishing = b.publish(events(5_000), { perMessage: 5 });
  await eventually(
    () => metric(writer, 'events_ingested_total'),
    (n) => n > 200,
  );
  const startedMs = Date.now();
  await writer.stop();
  expect(Date.now() - startedMs).toBeLessThan(8_000);
  expect(writer.output()).toMatch(/"event":"stopped".*"in_time":true/);
  await publishing;

  // What it had pulled and not written was given back: the next need not wait for ack_wait.
  await b.startWriter(env);
  await b.drained(15_000);
  expect(await b.totals()).toMatchObject({ rows: 5_000, distinctKeys: 5_000, activityDifferences: 0 });
}, 90_000);

test('SIGTERM while PostgreSQL is down: exits in time, and the events are still in the stream', async () => {
  await migrated(servers.postgresUrl);
  const b = await bench(open, own());
  const writer = await b.startWriter();
  await writer.waitReady();
  await servers.postgres!.stop();
  await b.publish([event()]);
  await eventually(
    () => metric(writer, 'write_retries_total', 'kind="retryable"'),
    (n) => n > 0,
  );
  await writer.stop();
  expect(writer.output()).toMatch(/"event":"stopped".*"in_time":true/);
  expect((await b.lag())?.messages).toBe(1);
}, 60_000);

test('a wrong setting ends the start with one line that names it', async () => {
  const b = await bench(open, own());
  await expect(b.startWriter({ WRITER_BATCH_EVENTS: 'many' })).rejects.toThrow(
    /WRITER_BATCH_EVENTS: must be a whole number/,
  );
});
