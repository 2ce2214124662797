import { readMetric } from '@event-analytics/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile, requestsBegun, type Ledger } from '../src/ledger.js';
import { redisCommand } from '../src/redis-command.js';
import { startWorld, type World } from '../src/world.js';
import { allWere202 } from './all-were-202.js';
import { bound, full, row, SEED, times } from './row.js';

/** Redis is the fast path alone: whatever becomes of it, every answer is 202 and PostgreSQL decides what counts. */
describe('Redis', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({ seed: SEED });
  }, 60_000);
  afterEach(() => world.heal(), 60_000);
  afterAll(() => world.stop(), 60_000);

  const durationsOf = (ledger: Ledger, fromMs: number, toMs: number) =>
    requestsBegun(ledger, fromMs, toMs).map(({ durationMs }) => durationMs);
  const seenByRedis = () => redisCommand(world.servers.redis.port, 'DBSIZE').then(Number);

  row(21, 'SIGKILL Redis, nothing kept: no 5xx', async () => {
    const load = world.load({ resentShare: 0.5 });
    for (let i = 0; i < times(20, 3); i += 1) {
      await sleep(full ? 500 : 300);
      await world.servers.redis.kill('SIGKILL');
      await sleep(full ? 500 : 300);
      await world.servers.redis.restart();
      expect(await seenByRedis()).toBeLessThan(load.ledger.acknowledged.size);
    }
    // Back in use without anybody's help.
    const marks = await seenByRedis();
    await sleep(bound(1_000));
    expect(await seenByRedis()).toBeGreaterThan(marks);
    allWere202(await load.finish());
    expect((await world.check()).violations).toEqual([]);
  });

  row(22, 'SIGSTOP Redis: the 99th percentile grows by 100 ms at most; the breaker opens', async () => {
    const spanMs = full ? 10_000 : 2_000;
    const load = world.load();
    await sleep(1_000);
    const quietFromMs = performance.now();
    await sleep(spanMs);
    const pausedFromMs = performance.now();
    await world.servers.redis.kill('SIGSTOP');
    await sleep(spanMs);
    const pausedToMs = performance.now();
    expect(await readMetric(world.gateway.url, 'redis_breaker_state')).toBeGreaterThan(0);
    await world.servers.redis.kill('SIGCONT');
    const { requests } = load.ledger;
    const quiet = durationsOf(load.ledger, quietFromMs, pausedFromMs);
    const paused = durationsOf(load.ledger, pausedFromMs, pausedToMs);
    expect(requests.length).toBeGreaterThan(100);
    expect(quantile(paused, 0.99) - quantile(quiet, 0.99)).toBeLessThan(bound(100));
    await sleep(bound(1_000));
    expect(await readMetric(world.gateway.url, 'redis_breaker_state')).toBe(0);
    allWere202(await load.finish());
    expect((await world.check()).violations).toEqual([]);
  });

  row(23, 'FLUSHALL under load', async () => {
    const load = world.load({ resentShare: 0.5 });
    for (let i = 0; i < times(20, 5); i += 1) {
      await sleep(200);
      await redisCommand(world.servers.redis.port, 'FLUSHALL');
    }
    allWere202(await load.finish());
    expect((await world.check()).violations).toEqual([]);
  });

  row(23, 'noeviction at its limit', async () => {
    const { port } = world.servers.redis;
    await redisCommand(port, 'CONFIG SET maxmemory-policy noeviction');
    await redisCommand(port, 'CONFIG SET maxmemory 1');
    // Full: what the gateway asks for is refused from now on.
    await expect(redisCommand(port, 'SET a b')).rejects.toThrow('OOM');
    const load = world.load({ resentShare: 0.5 });
    await sleep(full ? 10_000 : 1_500);
    allWere202(await load.finish());
    await redisCommand(port, 'CONFIG SET maxmemory 0');
    expect((await world.check()).violations).toEqual([]);
  });
});
