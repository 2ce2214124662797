import { Redis } from 'ioredis';
import { testServers, uniqueName } from '@event-analytics/testkit';
import { connectRedis, createTokenBucket, type RedisConnection } from '../src/index.js';

let redis: RedisConnection;
let other: RedisConnection;
let inspect: Redis;

beforeAll(async () => {
  const url = testServers().redisUrl;
  redis = connectRedis({ url, commandTimeoutMs: 1_000 });
  other = connectRedis({ url, commandTimeoutMs: 1_000 });
  inspect = new Redis(url);
  await Promise.all([redis.waitReady(5_000), other.waitReady(5_000)]);
});
afterAll(async () => {
  inspect.disconnect();
  await Promise.all([redis.close(), other.close()]);
});

function bucket(o: { capacity: number; windowSeconds: number }) {
  const keyPrefix = `${uniqueName('bucket')}:`;
  return {
    key: (name: string) => `${keyPrefix}bucket:${name}`,
    here: createTokenBucket(redis, { keyPrefix, ...o }),
    there: createTokenBucket(other, { keyPrefix, ...o }),
  };
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('token bucket', () => {
  it('gives exactly its capacity to concurrent takers of two processes', async () => {
    const { here, there } = bucket({ capacity: 50, windowSeconds: 3_600 });
    const takes = Array.from({ length: 200 }, (_, i) => (i % 2 ? here : there).take('a'));
    const results = await Promise.all(takes);
    expect(results.filter((r) => r.allowed)).toHaveLength(50);
    expect(results.filter((r) => r.allowed).map((r) => r.remaining)).toContain(49);
  });

  it('says how long to wait, and is right about it', async () => {
    const { here } = bucket({ capacity: 2, windowSeconds: 1 });
    await here.take('a');
    await here.take('a');
    const refused = await here.take('a');
    expect(refused).toMatchObject({ allowed: false, remaining: 0 });
    expect(refused.retryAfterMs).toBeGreaterThan(300);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(500);
    expect(refused.resetMs).toBeGreaterThan(refused.retryAfterMs);
    expect(refused.resetMs).toBeLessThanOrEqual(1_000);
    await sleep(refused.retryAfterMs + 5);
    expect((await here.take('a')).allowed).toBe(true);
    // Refilled evenly: one token came, not the whole bucket.
    expect((await here.take('a')).allowed).toBe(false);
  });

  it('keeps keys apart', async () => {
    const { here } = bucket({ capacity: 1, windowSeconds: 60 });
    expect((await here.take('a')).allowed).toBe(true);
    expect((await here.take('b')).allowed).toBe(true);
    expect((await here.take('a')).allowed).toBe(false);
  });

  it('expires its key when the bucket is full again', async () => {
    const { here, key } = bucket({ capacity: 10, windowSeconds: 2 });
    await here.take('a');
    expect(await inspect.pttl(key('a'))).toBeLessThanOrEqual(200);
    await sleep(230);
    expect(await inspect.exists(key('a'))).toBe(0);
    expect((await here.take('a')).remaining).toBe(9);
  });

  it('does not lend from a time to come after the clock was set back', async () => {
    const { here, key } = bucket({ capacity: 10, windowSeconds: 10 });
    const [seconds] = await inspect.time();
    await inspect.set(key('a'), `1 ${(Number(seconds) + 3_600) * 1_000_000}`, 'PX', 60_000);
    expect(await here.take('a')).toMatchObject({ allowed: true, remaining: 0 });
    await sleep(1_050);
    expect((await here.take('a')).allowed).toBe(true);
  });

  it('obeys a smaller capacity at once', async () => {
    const keyPrefix = `${uniqueName('bucket')}:`;
    await createTokenBucket(redis, { keyPrefix, capacity: 1_000, windowSeconds: 60 }).take('a');
    const smaller = createTokenBucket(redis, { keyPrefix, capacity: 5, windowSeconds: 60 });
    expect((await smaller.take('a')).remaining).toBe(4);
  });

  it('survives a value that is none of its own', async () => {
    const { here, key } = bucket({ capacity: 5, windowSeconds: 60 });
    await inspect.set(key('a'), 'nonsense');
    expect(await here.take('a')).toMatchObject({ allowed: true, remaining: 4 });
  });
});
