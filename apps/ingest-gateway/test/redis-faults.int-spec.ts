import { startServers, type ServerProcess, type Servers } from '@event-analytics/stack';
import { startGateway, type TestGateway } from './gateway.js';
import { event, events } from './post.js';

let servers: Servers;
let redis: ServerProcess;
let gateway: TestGateway;

beforeAll(async () => {
  servers = await startServers({ mode: 'native', only: ['redis'] });
  if (!servers.redis) throw new Error('no redis-server was started');
  redis = servers.redis;
});
afterAll(() => servers.stop());
beforeEach(async () => {
  gateway = await startGateway({
    redisUrl: servers.redisUrl,
    rateLimit: { capacity: 1_000_000, windowSeconds: 60 },
  });
});
afterEach(() => gateway.close());

async function eventually(check: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 10_000;
  while (!(await check())) {
    if (performance.now() > deadlineMs) throw new Error(`never true: ${check.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('Redis makes things faster and never worse', () => {
  it('killed under load: no 5xx, nothing lost; back: used again', async () => {
    const known = events(2);
    await gateway.post(known);
    let running = true;
    const statuses = new Set<number>();
    let sent = 0;
    const load = Array.from({ length: 8 }, async () => {
      while (running) {
        const { status, body } = await gateway.post(events(5));
        statuses.add(status);
        expect(body.accepted).toBe(5);
        sent += 5;
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await redis.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await gateway.metric('redis_breaker_state')).toBeGreaterThan(0);
    const health = await gateway.get('/health');
    expect(health.status).toBe(200);
    expect(health.body.status).toBe('degraded');
    expect((await gateway.get('/health/ready')).status).toBe(200);
    running = false;
    await Promise.all(load);
    expect([...statuses]).toEqual([202]);
    expect((await gateway.stored()).length).toBe(sent + 2);
    // Unseen while Redis is away: published again, PostgreSQL decides.
    expect((await gateway.post(known)).body).toMatchObject({ accepted: 2, duplicates: 0 });

    await redis.restart();
    await eventually(async () => (await gateway.metric('redis_breaker_state')) === 0);
    expect((await gateway.post(known)).body).toMatchObject({ accepted: 2 });
    expect((await gateway.post(known)).body).toMatchObject({ accepted: 0, duplicates: 2 });
  });

  it('paused: no request waits more than 100 ms longer, then none waits', async () => {
    const durationsMs = async (count: number) => {
      const ms: number[] = [];
      for (let i = 0; i < count; i++) {
        const answer = await gateway.post(events(5));
        expect(answer.status).toBe(202);
        ms.push(answer.ms);
      }
      return ms.sort((a, b) => a - b);
    };
    const medianOf = (sorted: number[]) => sorted[Math.floor(sorted.length / 2)] ?? Infinity;
    const before = await durationsMs(21);
    await redis.kill('SIGSTOP');
    try {
      const [first = Infinity] = await durationsMs(1);
      expect(first).toBeGreaterThanOrEqual(45);
      expect(first).toBeLessThan((before.at(-1) ?? 0) + 100);
      // None of these waits for a deadline of 50 ms.
      expect(medianOf(await durationsMs(21))).toBeLessThan(medianOf(before) + 40);
      expect(await gateway.metric('redis_breaker_state')).toBeGreaterThan(0);
    } finally {
      await redis.kill('SIGCONT');
    }
    await eventually(async () => (await gateway.metric('redis_breaker_state')) === 0);
  });

  it('emptied: forgets, and that is all', async () => {
    const one = { events: [event()] };
    await gateway.post(one);
    await gateway.redis.run((client) => client.flushall());
    expect((await gateway.post(one)).body).toMatchObject({ accepted: 1, duplicates: 0 });
    expect((await gateway.post(one)).body).toMatchObject({ accepted: 0, duplicates: 1 });
  });

  it('full, and not allowed to evict: 202, the lost marks are counted', async () => {
    await gateway.redis.run((client) =>
      client.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1'),
    );
    try {
      const one = { events: [event()] };
      expect((await gateway.post(one)).status).toBe(202);
      expect((await gateway.post(one)).body).toMatchObject({ accepted: 1, duplicates: 0 });
      expect(await gateway.metric('redis_failures_total', { operation: 'mark', code: 'out_of_memory' })).toBe(
        2,
      );
      expect(await gateway.metric('redis_breaker_state')).toBe(0);
    } finally {
      await gateway.redis.run((client) => client.config('SET', 'maxmemory', '0'));
    }
  });
});
