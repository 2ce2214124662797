import { randomUUID } from 'node:crypto';
import type { BreakerState } from '@event-analytics/circuit-breaker';
import {
  connectRedis,
  createFallbackTokenBucket,
  createLocalTokenBucket,
  createSeenIds,
  createTokenBucket,
  type RedisConnection,
} from '../src/index.js';
import { eventually, startOwnRedis, type OwnRedis } from './own-redis.js';

const EPOCH = 'epoch';
let own: OwnRedis;

beforeAll(async () => (own = await startOwnRedis()));
afterAll(() => own.stop());

function using(redis: RedisConnection) {
  const failures: string[] = [];
  const ids = createSeenIds(redis, {
    keyPrefix: 't:',
    ttlSeconds: 60,
    onFailure: (operation, code) => failures.push(`${operation} ${code}`),
  });
  const limit = { capacity: 3, windowSeconds: 3_600 };
  const limiter = createFallbackTokenBucket({
    primary: createTokenBucket(redis, { keyPrefix: 't:', ...limit }),
    fallback: createLocalTokenBucket({ ...limit, maxKeys: 100, clock: () => performance.now() }),
    onFailure: (code) => failures.push(`limit ${code}`),
  });
  return { ids, limiter, failures };
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const startedMs = performance.now();
  const result = await work();
  return { result, ms: performance.now() - startedMs };
}

describe('Redis away', () => {
  it('killed: everything counts as unseen, the local bucket limits, and it is used again when it is back', async () => {
    const states: BreakerState[] = [];
    const redis = own.connect({ onStateChange: (state) => states.push(state) });
    const { ids, limiter, failures } = using(redis);
    expect(await redis.waitReady(5_000)).toBe(true);
    const id = randomUUID();
    await ids.markDone([id], EPOCH);
    expect(await ids.seen([id], EPOCH)).toEqual([true]);

    await own.server.kill('SIGKILL');
    expect(await ids.seen([id], EPOCH)).toEqual([false]);
    await ids.markDone([id], EPOCH);
    const key = randomUUID();
    const taken = [];
    for (let i = 0; i < 4; i++) taken.push((await limiter.take(key)).allowed);
    expect(taken).toEqual([true, true, true, false]);
    expect(redis.breakerState()).not.toBe('closed');
    expect(failures.length).toBeGreaterThanOrEqual(6);
    await expect(redis.check()).rejects.toThrow();

    await own.server.restart();
    await eventually(() => redis.breakerState() === 'closed');
    await ids.markDone([id], EPOCH);
    expect(await ids.seen([id], EPOCH)).toEqual([true]);
    await redis.check();
    expect(states[0]).toBe('open');
    expect(states.at(-1)).toBe('closed');
  });

  it('killed under load: no call fails and none hangs', async () => {
    const redis = own.connect();
    const { ids, limiter } = using(redis);
    expect(await redis.waitReady(5_000)).toBe(true);
    const load = Array.from({ length: 50 }, async () => {
      for (let i = 0; i < 40; i++) {
        const batch = [randomUUID(), randomUUID()];
        await ids.seen(batch, EPOCH);
        await ids.markDone(batch, EPOCH);
        await limiter.take('load');
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await own.server.kill('SIGKILL');
    await Promise.all(load);
    await own.server.restart();
    await eventually(() => redis.breakerState() === 'closed');
  });

  it('paused: one deadline for those under way, nothing for those after; back without being restarted', async () => {
    const redis = own.connect({ stallMs: 600_000 });
    const { ids, limiter, failures } = using(redis);
    expect(await redis.waitReady(5_000)).toBe(true);
    await ids.seen([randomUUID()], EPOCH);

    await own.server.kill('SIGSTOP');
    try {
      const first = await timed(async () => {
        await limiter.take('paused');
        await ids.seen([randomUUID()], EPOCH);
        await ids.markDone([randomUUID()], EPOCH);
      });
      expect(first.ms).toBeGreaterThanOrEqual(45);
      // One deadline was waited for, once: what came after didn't ask.
      expect(failures).toEqual(['limit timeout', 'seen breaker_open', 'mark breaker_open']);
      await Promise.all(Array.from({ length: 100 }, () => ids.seen([randomUUID()], EPOCH)));
      // They came together: one round trip, which was not made.
      expect(failures.slice(3)).toEqual(['seen breaker_open']);
    } finally {
      await own.server.kill('SIGCONT');
    }
    await eventually(() => redis.breakerState() === 'closed');
    const id = randomUUID();
    await ids.markDone([id], EPOCH);
    expect(await ids.seen([id], EPOCH)).toEqual([true]);
  });

  it('replaces a connection that stays silent', async () => {
    const admin = own.admin();
    const redis = own.connect({ stallMs: 300 });
    const { ids } = using(redis);
    expect(await redis.waitReady(5_000)).toBe(true);
    const clientId = await redis.run((client) => client.client('ID'));
    await own.server.kill('SIGSTOP');
    await ids.seen([randomUUID()], EPOCH);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await own.server.kill('SIGCONT');
    await eventually(() => redis.breakerState() === 'closed');
    expect(await redis.run((client) => client.client('ID'))).not.toBe(clientId);
    expect(await admin.ping()).toBe('PONG');
  });

  it('never there: starts all the same, answers at once', async () => {
    const errors: Error[] = [];
    const redis = connectRedis({
      url: 'redis://127.0.0.1:1',
      commandTimeoutMs: 50,
      onError: (error) => errors.push(error),
    });
    const { ids } = using(redis);
    expect(await redis.waitReady(100)).toBe(false);
    const { result, ms } = await timed(() => ids.seen([randomUUID(), randomUUID()], EPOCH));
    expect(result).toEqual([false, false]);
    expect(ms).toBeLessThan(500);
    expect(errors.length).toBeGreaterThan(0);
    await redis.close();
  });
});

describe('Redis emptied or full', () => {
  it('FLUSHALL: forgets, fails nothing', async () => {
    const redis = own.connect();
    const { ids, limiter, failures } = using(redis);
    expect(await redis.waitReady(5_000)).toBe(true);
    const id = randomUUID();
    await ids.markDone([id], EPOCH);
    await own.admin().flushall();
    expect(await ids.seen([id], EPOCH)).toEqual([false]);
    await ids.markDone([id], EPOCH);
    expect(await ids.seen([id], EPOCH)).toEqual([true]);
    expect((await limiter.take('flushed')).remaining).toBe(2);
    expect(failures).toEqual([]);
  });

  it('noeviction at its limit: marks are lost into a counter, old marks still count, the breaker stays closed', async () => {
    const redis = own.connect();
    const { ids, limiter, failures } = using(redis);
    expect(await redis.waitReady(5_000)).toBe(true);
    const [old, late] = [randomUUID(), randomUUID()];
    await ids.markDone([old], EPOCH);
    const admin = own.admin();
    await admin.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1');
    try {
      await ids.markDone([late], EPOCH);
      expect(await ids.seen([old, late], EPOCH)).toEqual([true, false]);
      expect((await limiter.take('full')).remaining).toBe(2);
      expect(failures).toEqual(['mark out_of_memory', 'limit out_of_memory']);
      expect(redis.breakerState()).toBe('closed');
    } finally {
      await admin.config('SET', 'maxmemory', '0');
    }
    await ids.markDone([late], EPOCH);
    expect(await ids.seen([late], EPOCH)).toEqual([true]);
  });
});
