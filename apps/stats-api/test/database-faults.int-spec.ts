import { join } from 'node:path';
import { startServers, startService, type Servers } from '@event-analytics/stack';
import { createTcpProxy, createTestDatabase, eventually, type TcpProxy } from '@event-analytics/testkit';
import { migrate } from '@event-analytics/timescale';

import { connect, startStatsTest, type StatsTest } from './stats-app.js';

const breakerState = async (stats: StatsTest): Promise<number> => {
  const text = await stats.metrics.registry.metrics();
  return Number(/^database_breaker_state\{[^}]*\} (\d)$/m.exec(text)?.[1]);
};

/** At once: most of them in less than half of the shortest deadline, a second. */
async function expectRefusedAtOnce(stats: StatsTest): Promise<void> {
  const tookMs: number[] = [];
  for (let i = 0; i < 10; i++) {
    const began = Date.now();
    const { body, headers } = await stats.get('/stats/dau').expect(503);
    tookMs.push(Date.now() - began);
    expect(body.code).toBe('database_unavailable');
    expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1);
  }
  expect(tookMs.sort((a, b) => a - b)[5]).toBeLessThan(500);
}

const answered = (stats: StatsTest) =>
  eventually(
    'statistics are answered',
    10_000,
    async () => (await stats.get('/stats/dau')).status,
    (status) => status === 200,
  );

describe('PostgreSQL killed', () => {
  let servers: Servers;
  beforeAll(async () => {
    servers = await startServers({ only: ['postgres'], mode: 'native' });
    const db = connect(servers.postgresUrl);
    await migrate(db);
    await db.end({ timeout: 5 });
  });
  afterAll(() => servers.stop());

  it('503 at once, in the metrics and in the health; back: answered, and no tag of before is', async () => {
    const stats = await startStatsTest({ databaseUrl: servers.postgresUrl, indexed: ['UTC'] });
    const path = '/stats/dau?to=2024-03-12';
    try {
      const { headers } = await stats.get(path).expect(200);
      const tag = String(headers['etag']);
      await stats.get(path, { 'If-None-Match': tag }).expect(304);
      expect(await breakerState(stats)).toBe(0);
      await servers.postgres?.kill('SIGKILL');
      await stats.get('/stats/dau').expect(503);
      await expectRefusedAtOnce(stats);
      expect(await breakerState(stats)).toBeGreaterThan(0);
      const { body } = await stats.get('/health').expect(503);
      expect(body.dependencies.postgres).toMatchObject({
        status: 'down',
        breaker: expect.stringMatching(/open/),
      });
      // What is wrong with a question needs no database to be said.
      await stats.get('/stats/dau?from=x').expect(422);
      await servers.postgres?.restart();
      await answered(stats);
      expect(await breakerState(stats)).toBe(0);
      // What it would be a tag of may have been lost.
      await stats.get(path, { 'If-None-Match': tag }).expect(200);
    } finally {
      await stats.close();
    }
  }, 60_000);
});

describe('PostgreSQL in a black hole', () => {
  let proxy: TcpProxy | undefined;
  let stats: StatsTest;
  beforeAll(async () => {
    stats = await startStatsTest({
      statementTimeoutMs: 20_000,
      through: async (url) => (proxy = await createTcpProxy(url)),
    });
  });
  afterAll(async () => {
    await stats.close();
    await proxy?.close();
  });

  it('nobody waits for a statement timeout to know; healed: answered, though the old connections stay dead', async () => {
    await stats.get('/stats/dau').expect(200);
    proxy?.blackHole();
    const began = Date.now();
    const waiting = await Promise.all(Array.from({ length: 8 }, () => stats.get('/stats/dau')));
    for (const { status, headers } of waiting) {
      expect([status, headers['retry-after']]).toEqual([503, '5']);
    }
    expect(Date.now() - began).toBeLessThan(10_000);
    await expectRefusedAtOnce(stats);
    proxy?.heal();
    await answered(stats);
  }, 60_000);

  it('a slow path is no absence', async () => {
    proxy?.delay(60);
    await stats.get('/stats/dau').expect(200);
    proxy?.heal();
    expect(await breakerState(stats)).toBe(0);
  }, 60_000);
});

describe('a statistic that takes too long', () => {
  it('is stopped, and the others are answered meanwhile and after', async () => {
    const stats = await startStatsTest({ statementTimeoutMs: 2_500 });
    const other = connect(stats.url);
    try {
      await other.transaction(async (sql) => {
        await sql`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`;
        const { body } = await stats.get('/stats/dau').expect(503);
        expect(body.code).toBe('statement_timeout');
        expect(await breakerState(stats)).toBe(0);
      });
      await stats.get('/stats/dau').expect(200);
    } finally {
      await other.end({ timeout: 5 });
      await stats.close();
    }
  });
});

describe('the process', () => {
  it('SIGTERM while a statistic waits for a silent database: ends in order and in time', async () => {
    const database = await createTestDatabase();
    const proxy = await createTcpProxy(database.url);
    const service = await startService({
      app: 'stats-api',
      mainJs: join(__dirname, '../src/main.ts'),
      env: {
        NODE_OPTIONS: '--import=tsx --conditions=@event-analytics/source',
        DATABASE_URL: proxy.url,
      },
    });
    try {
      await service.waitReady();
      expect((await fetch(`${service.url}/stats/dau`)).status).toBe(200);
      proxy.hold();
      const waiting = fetch(`${service.url}/stats/dau`);
      await new Promise((resolve) => setTimeout(resolve, 200));
      const began = performance.now();
      await service.kill('SIGTERM');
      expect((await waiting).status).toBe(503);
      expect(performance.now() - began).toBeLessThan(16_000);
      expect(service.output()).toMatch(/"event":"stopped".*"in_time":true/);
    } finally {
      proxy.heal();
      await service.stop();
      await proxy.close();
      await database.drop();
    }
  }, 60_000);
});
