import { startServers, type ServerProcess, type Servers } from '@event-analytics/stack';
import { startGateway, type GatewayOptions, type TestGateway } from './gateway.js';
import { event, events, idsOf } from './post.js';

let servers: Servers;
let nats: ServerProcess;
beforeAll(async () => {
  servers = await startServers({ mode: 'native', only: ['nats'] });
  if (!servers.nats) throw new Error('no nats-server was started');
  nats = servers.nats;
});
afterAll(() => servers.stop());

const open: TestGateway[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
});

async function gatewayWith(o: GatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startGateway({ natsUrl: servers.natsUrl, ...o });
  open.push(gateway);
  return gateway;
}

async function takenWithin(gateway: TestGateway, batch: unknown, timeoutMs: number) {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    const answer = await gateway.post(batch);
    if (answer.status !== 503 || performance.now() > deadlineMs) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** A report is kept for half a second. */
async function readyWithin(gateway: TestGateway, timeoutMs: number): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while ((await gateway.get('/health/ready')).status !== 200 && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect((await gateway.get('/health/ready')).status).toBe(200);
}

describe('503: the stream cannot take it', () => {
  it('NATS killed: 503 with Retry-After, not ready; back: the same ids are taken', async () => {
    const gateway = await gatewayWith();
    const before = events(1);
    expect((await gateway.post(before)).status).toBe(202);
    await nats.kill('SIGKILL');
    const batch = events(3);
    const refused = await gateway.post(batch);
    expect(refused.status).toBe(503);
    expect(refused.ms).toBeLessThan(2_500);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect((await gateway.get('/health/ready')).status).toBe(503);
    expect((await gateway.get('/health')).status).toBe(503);
    expect((await gateway.get('/health/live')).status).toBe(200);

    await nats.restart();
    const taken = await takenWithin(gateway, batch, 5_000);
    expect(taken).toMatchObject({ status: 202, body: { accepted: 3 } });
    expect(idsOf(await gateway.stored())).toEqual([...idsOf(before.events), ...idsOf(batch.events)]);
    expect(await gateway.metric('publish_failures_total', { code: 'disconnected' })).toBeGreaterThan(0);
  });

  it('NATS killed again and again under load: nothing but 202 and 503, every 202 is there', async () => {
    const gateway = await gatewayWith();
    const accepted = new Set<string>();
    const statuses = new Map<number, number>();
    let running = true;
    const load = Array.from({ length: 8 }, async () => {
      while (running) {
        const batch = events(5);
        for (;;) {
          const { status } = await gateway.post(batch);
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
          if (status === 202) idsOf(batch.events).forEach((id) => accepted.add(id));
          if (status === 202 || !running) break;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      }
    });
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await nats.kill('SIGKILL');
      await nats.restart();
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    running = false;
    await Promise.all(load);
    expect([...statuses.keys()].sort()).toEqual([202, 503]);
    const stored = new Set(idsOf(await gateway.stored()));
    expect([...accepted].filter((id) => !stored.has(id))).toEqual([]);
  }, 60_000);

  it('NATS paused: 503 within 2.5 s; what was stored unknown is taken again with the same ids', async () => {
    const gateway = await gatewayWith();
    const batch = { events: [...events(3).events, event({ properties: { text: 'x'.repeat(30_000) } })] };
    await nats.kill('SIGSTOP');
    try {
      const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.post(batch)));
      for (const answer of answers) {
        expect(answer.status).toBe(503);
        expect(answer.ms).toBeLessThan(2_500);
      }
      // From now on nobody waits; publishing is asked for by a probe alone.
      for (let i = 0; i < 10; i++) {
        const refused = await gateway.post(batch);
        expect(refused.status).toBe(503);
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
        expect(refused.ms).toBeLessThan(500);
      }
      expect(await gateway.metric('publish_failures_total', { code: 'breaker_open' })).toBeGreaterThan(0);
      expect(await gateway.metric('nats_breaker_state')).toBeGreaterThan(0);
      const health = await gateway.get('/health');
      expect(health.status).toBe(503);
      expect(health.body.dependencies.nats).toMatchObject({
        status: 'down',
        breaker: expect.stringMatching(/open/),
      });
    } finally {
      await nats.kill('SIGCONT');
    }
    const taken = await takenWithin(gateway, batch, 5_000);
    expect(taken.status).toBe(202);
    expect(await gateway.metric('nats_breaker_state')).toBe(0);
    await readyWithin(gateway, 5_000);
    const identities = new Set((await gateway.stored()).map((e) => `${e.event_id} ${e.occurred_at}`));
    expect(identities.size).toBe(4);
  }, 60_000);

  it('stream full: 503, nothing is evicted; room again: taken', async () => {
    const gateway = await gatewayWith({ maxMessages: 2 });
    const kept = [events(1), events(1)];
    for (const batch of kept) expect((await gateway.post(batch)).status).toBe(202);
    const late = events(1);
    const refused = await gateway.post(late);
    expect(refused.status).toBe(503);
    expect(await gateway.metric('publish_failures_total', { code: 'stream_full' })).toBe(1);
    expect(idsOf(await gateway.stored())).toEqual(kept.flatMap((batch) => idsOf(batch.events)));
    const session = await gateway.nats.whenConnected();
    await session.jsm.streams.purge(gateway.names.stream, { seq: 2 });
    expect((await gateway.post(late)).status).toBe(202);
  });

  it('one message of several refused: 503, and the retry takes all', async () => {
    const gateway = await gatewayWith({ maxMessages: 2 });
    const batch = events(200, { properties: { text: 'x'.repeat(10_000) } });
    expect((await gateway.post(batch)).status).toBe(503);
    const session = await gateway.nats.whenConnected();
    await session.jsm.streams.update(gateway.names.stream, { max_msgs: 100 });
    expect(await gateway.post(batch)).toMatchObject({ status: 202, body: { accepted: 200, duplicates: 0 } });
    expect(new Set(idsOf(await gateway.stored())).size).toBe(200);
  });

  it('stream deleted: 503 and an alarm; never silently made anew', async () => {
    const gateway = await gatewayWith();
    const session = await gateway.nats.whenConnected();
    await session.jsm.streams.delete(gateway.names.stream);
    for (let i = 0; i < 3; i++) {
      const refused = await gateway.post(events(1));
      expect(refused.status).toBe(503);
      expect(refused.ms).toBeLessThan(2_500);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(await gateway.metric('event_stream_missing')).toBe(1);
    expect((await gateway.get('/health/ready')).status).toBe(503);
    const names = await session.jsm.streams.names().next();
    expect(names).not.toContain(gateway.names.stream);
  });
});
