import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { testServers, uniqueName } from '@event-analytics/testkit';
import { connectRedis, createSeenIds, type RedisConnection, type SeenIds } from '../src/index.js';

const EPOCH = '2024-03-04T10:00:00.000000001Z';

let redis: RedisConnection;
let inspect: Redis;
const commands: string[] = [];
let monitor: Redis;

beforeAll(async () => {
  const url = testServers().redisUrl;
  redis = connectRedis({ url, commandTimeoutMs: 1_000 });
  inspect = new Redis(url);
  expect(await redis.waitReady(5_000)).toBe(true);
  monitor = await inspect.monitor();
  monitor.on('monitor', (_time: string, args: string[], source: string) => {
    if (source !== 'lua') commands.push(args.length === 2 ? args.join(' ') : (args[0] ?? ''));
  });
});
afterAll(async () => {
  monitor.disconnect();
  inspect.disconnect();
  await redis.close();
});

function seenIds(ttlSeconds = 60) {
  const keyPrefix = `${uniqueName('seen')}:`;
  return { keyPrefix, ids: createSeenIds(redis, { keyPrefix, ttlSeconds }) };
}

/** From here on Redis knows both scripts. */
async function known(ids: SeenIds): Promise<void> {
  await ids.markDone([randomUUID()], EPOCH);
  await ids.seen([randomUUID()], EPOCH);
}

/** What was sent since the last call: all of it stands before the marker that is sent now. */
async function commandsUntilNow(): Promise<string[]> {
  const marker = `echo ${uniqueName('marker')}`;
  await inspect.echo(marker.slice(5));
  while (!commands.includes(marker)) await new Promise((resolve) => setTimeout(resolve, 5));
  return commands.splice(0).slice(0, -1);
}

describe('seen ids', () => {
  it('knows what was marked done, in order, and nothing else', async () => {
    const { ids } = seenIds();
    const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
    expect(await ids.seen([a, b, c], EPOCH)).toEqual([false, false, false]);
    await ids.markDone([a, c], EPOCH);
    expect(await ids.seen([c, b, a], EPOCH)).toEqual([true, false, true]);
  });

  it('counts no mark of another stream', async () => {
    const { ids } = seenIds();
    const id = randomUUID();
    await ids.markDone([id], EPOCH);
    expect(await ids.seen([id], '2024-03-05T00:00:00Z')).toEqual([false]);
    await ids.markDone([id], '2024-03-05T00:00:00Z');
    expect(await ids.seen([id], '2024-03-05T00:00:00Z')).toEqual([true]);
  });

  it('keeps the key and its life as documented', async () => {
    const { keyPrefix, ids } = seenIds(60);
    const id = randomUUID();
    await ids.markDone([id], EPOCH);
    const keys = await inspect.keysBuffer(`${keyPrefix}*`);
    const [key = Buffer.of()] = keys;
    expect(keys).toHaveLength(1);
    expect(key.subarray(0, -16).toString()).toMatch(/^seen.*:done:[\w-]{11}:$/);
    expect(key.subarray(-16).toString('hex')).toBe(id.replaceAll('-', ''));
    const ttlMs = await inspect.pttl(key);
    expect(ttlMs).toBeGreaterThan(55_000);
    expect(ttlMs).toBeLessThanOrEqual(60_000);
  });

  it('asks and marks 2,000 ids in one command each', async () => {
    const { ids } = seenIds();
    const many = Array.from({ length: 2_000 }, () => randomUUID());
    await known(ids);
    await commandsUntilNow();
    await ids.seen(many, EPOCH);
    await ids.markDone(many, EPOCH);
    expect((await ids.seen(many, EPOCH)).every(Boolean)).toBe(true);
    expect(await commandsUntilNow()).toEqual(['evalsha', 'evalsha', 'evalsha']);
  });

  it('asks for many at once in one command, and each gets its own answer', async () => {
    const { ids } = seenIds();
    const requests = Array.from({ length: 25 }, (_, size) =>
      Array.from({ length: size }, () => randomUUID()),
    );
    await known(ids);
    await commandsUntilNow();
    await Promise.all(requests.map((request) => ids.markDone(request.slice(1), EPOCH)));
    expect(await commandsUntilNow()).toEqual(['evalsha']);
    const answers = await Promise.all(requests.map((request) => ids.seen(request, EPOCH)));
    expect(answers).toEqual(requests.map((request) => request.map((_, at) => at > 0)));
    expect(await commandsUntilNow()).toEqual(['evalsha']);
  });

  it('keeps apart who speaks of different streams in one moment', async () => {
    const { ids } = seenIds();
    const id = randomUUID();
    const epochs = [EPOCH, '2024-03-05T00:00:00Z', EPOCH];
    await ids.markDone([id], EPOCH);
    expect(await Promise.all(epochs.map((epoch) => ids.seen([id], epoch)))).toEqual([
      [true],
      [false],
      [true],
    ]);
  });

  it('sends the script again when Redis forgot it', async () => {
    const { ids } = seenIds();
    await inspect.script('FLUSH');
    const id = randomUUID();
    await ids.markDone([id], EPOCH);
    expect(await ids.seen([id], EPOCH)).toEqual([true]);
  });

  it('asks nothing for no ids', async () => {
    const { ids } = seenIds();
    await commandsUntilNow();
    expect(await ids.seen([], EPOCH)).toEqual([]);
    await ids.markDone([], EPOCH);
    expect(await commandsUntilNow()).toEqual([]);
  });
});
