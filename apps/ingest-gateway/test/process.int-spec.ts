import { createTcpProxy, testServers, uniqueName } from '@event-analytics/testkit';
import { startGatewayProcess, type GatewayProcess } from './gateway-process.js';
import { event, events, idsOf } from './post.js';

const open: GatewayProcess[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.stop();
});

async function processWith(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(env);
  open.push(gateway);
  return gateway;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the process', () => {
  it('killed again and again under load: every 202 is in the stream, retries succeed', async () => {
    const gateway = await processWith();
    await gateway.service.waitReady();
    const accepted: string[] = [];
    const stored: string[] = [];
    let running = true;
    const load = Array.from({ length: 8 }, async () => {
      while (running) {
        const batch = events(5);
        stored.push(...idsOf(batch.events));
        for (;;) {
          const answer = await gateway.post(batch).catch(() => undefined);
          if (answer?.status === 202) {
            accepted.push(...idsOf(batch.events));
            break;
          }
          await sleep(50);
        }
      }
    });
    for (let i = 0; i < 3; i++) {
      await sleep(400);
      await gateway.service.kill('SIGKILL');
      await gateway.service.restart();
    }
    await sleep(400);
    running = false;
    await Promise.all(load);
    const inStream = await gateway.stored();
    const ids = new Set(idsOf(inStream));
    expect(accepted.filter((id) => !ids.has(id))).toEqual([]);
    expect([...ids].sort()).toEqual([...new Set(stored)].sort());
    expect(new Set(inStream.map((e) => `${e.event_id} ${e.occurred_at}`)).size).toBe(ids.size);
  }, 120_000);

  it.each([
    ['before_publish', 0],
    ['after_publish', 2],
  ])(
    'killed %s: the retry is taken, and each event is one identity',
    async (failpoint, storedBefore) => {
      const names = { NATS_STREAM: uniqueName('EVENTS'), REDIS_KEY_PREFIX: `${uniqueName('gateway')}:` };
      const dying = await processWith({ ...names, ENVIRONMENT: 'test', GATEWAY_FAILPOINT: failpoint });
      await dying.service.waitReady();
      const batch = events(2);
      expect(await dying.post(batch).catch(() => 'no answer')).toBe('no answer');
      const next = await processWith(names);
      await next.service.waitReady();
      expect(await next.stored()).toHaveLength(storedBefore);
      // No mark was set before the acknowledgement, so this is no duplicate of something that may be lost.
      expect(await next.post(batch)).toMatchObject({ status: 202, body: { accepted: 2, duplicates: 0 } });
      const stored = await next.stored();
      expect(stored).toHaveLength(storedBefore + 2);
      expect(new Set(stored.map((e) => `${e.event_id} ${e.occurred_at}`)).size).toBe(2);
    },
    60_000,
  );

  it('only PubAcks lost: 503 within 2.5 s, then the same ids are taken', async () => {
    const proxy = await createTcpProxy(testServers().natsUrl);
    const gateway = await processWith({ NATS_URL: proxy.url });
    await gateway.service.waitReady();
    const batch = events(2);
    proxy.blackHole('to_client');
    const unknown = await gateway.post(batch);
    expect(unknown.status).toBe(503);
    expect(unknown.ms).toBeLessThan(2_500);
    proxy.heal();
    proxy.cut();
    await gateway.service.waitReady();
    expect(await gateway.post(batch)).toMatchObject({ status: 202, body: { accepted: 2 } });
    expect(new Set(idsOf(await gateway.stored())).size).toBe(2);
    await gateway.stop();
    await proxy.close();
  }, 60_000);

  it('SIGTERM under load: requests in hand are answered, exit code 0', async () => {
    const gateway = await processWith();
    await gateway.service.waitReady();
    let stopping = false;
    const afterSignal: (number | string)[] = [];
    const load = Array.from({ length: 8 }, async () => {
      for (;;) {
        const begunBefore = !stopping;
        const answer = await gateway.post(events(50)).catch(() => undefined);
        if (begunBefore && stopping) afterSignal.push(answer?.status ?? 'cut');
        if (answer === undefined) return;
      }
    });
    await sleep(300);
    stopping = true;
    const startedMs = performance.now();
    await gateway.service.stop();
    expect(performance.now() - startedMs).toBeLessThan(10_000);
    await Promise.all(load);
    expect(afterSignal.length).toBeGreaterThan(0);
    // A connection that was idle in that moment may be closed; one with a request in hand may not.
    expect(afterSignal.filter((status) => status !== 202 && status !== 'cut')).toEqual([]);
    expect(afterSignal).toContain(202);
    expect(gateway.service.output()).toMatch(/"event":"stopped".*"in_time":true/);
  }, 60_000);

  it('starts while NATS is away, answers 503, and takes events once it is there', async () => {
    const gateway = await processWith({ NATS_URL: 'nats://127.0.0.1:1' });
    const refused = await gateway.post(events(1));
    expect(refused.status).toBe(503);
    expect(refused.ms).toBeLessThan(2_500);
    const ready = await gateway.post(undefined, { path: '/health/ready', method: 'GET' });
    expect(ready.status).toBe(503);
  }, 60_000);

  it('starts while Redis is away and takes events', async () => {
    const gateway = await processWith({ REDIS_URL: 'redis://127.0.0.1:1', RATE_LIMIT_REQUESTS: '1000' });
    await gateway.service.waitReady();
    const answer = await gateway.post({ events: [event()] });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('ratelimit')).toBe('"default";r=999;t=1');
    expect(gateway.service.output()).toMatch(/"event":"redis_unavailable"/);
  }, 60_000);

  it('refuses max_bytes on a NATS that would evict acknowledged messages, and says why', async () => {
    const refusal = await processWith({ STREAM_MAX_BYTES: '1000000' }).then(
      (gateway) => {
        const version = /"server_version":"(\d+)\.(\d+)\.(\d+)"/.exec(gateway.service.output());
        return { started: true, version };
      },
      (error: Error) => ({ started: false, words: error.message }),
    );
    if (refusal.started) {
      // A newer server: max_bytes is fine there.
      const [major = 0, minor = 0, patch = 0] = (refusal as { version: string[] }).version
        .slice(1)
        .map(Number);
      expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(2_010_005);
    } else {
      expect((refusal as { words: string }).words).toMatch(/max_bytes.*evict/);
    }
  }, 60_000);

  it.each([{}, { GATEWAY_WORKERS: '2' }])(
    'STRICT_DURABILITY with %j: a NATS that is not known to sync before it acknowledges ends it with one line',
    async (env) => {
      const gateway = await processWith({
        ...(env as Record<string, string>),
        STRICT_DURABILITY: 'true',
        // Nothing monitors there; a server that is too old is not even asked.
        NATS_MONITORING_URL: 'http://127.0.0.1:1',
      }).catch((error: Error) => error.message);
      const words = () => (typeof gateway === 'string' ? gateway : gateway.service.output());
      for (let i = 0; i < 200 && typeof gateway !== 'string' && gateway.service.pid !== 0; i++)
        await sleep(50);
      expect(words()).toMatch(/^STRICT_DURABILITY: .*(upgrade it|set NATS_MONITORING_URL)$/m);
      if (typeof gateway !== 'string') expect(gateway.service.pid).toBe(0);
    },
    60_000,
  );

  it.each([
    [{ RATE_LIMIT_REQUESTS: 'many' }, /^RATE_LIMIT_REQUESTS: .*"many"/m],
    [{ REDIS_URL: 'http://localhost' }, /^REDIS_URL: /m],
    [{ MAX_BODY_BYTES: '12' }, /^MAX_BODY_BYTES: .*1024.*"12"/m],
    [{ MIN_OCCURRED_AT: 'yesterday' }, /^MIN_OCCURRED_AT: .*"yesterday"/m],
    [{ API_KEYS: 'a:b' }, /^API_KEYS: entry 1 /m],
  ])('a wrong setting %j ends the start with one line', async (env, line) => {
    const words = await processWith(env as Record<string, string>).then(
      () => 'it started',
      (error: Error) => error.message,
    );
    expect(words).toMatch(line);
    expect(words).not.toMatch(/\n\s+at /);
  });
});
