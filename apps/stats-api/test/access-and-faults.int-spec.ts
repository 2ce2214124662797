import { connect, startStatsTest, type StatsTest } from './stats-app.js';

const KEYS = 'reader:read-key-123:stats,sender:send-key-123:ingest';

describe('access with API keys', () => {
  let stats: StatsTest;
  beforeAll(async () => {
    stats = await startStatsTest({ apiKeys: KEYS });
  });
  afterAll(() => stats.close());

  const PATHS = [
    '/stats/dau',
    '/stats/active-users?period=day',
    '/stats/top-events',
    '/stats/retention?start_date=2024-03-10&window_type=daily&windows=1',
    '/stats/stickiness',
    '/stats/funnel?steps=a,b',
    '/stats/event-counts',
  ];

  it.each(PATHS)('asks for a key with the scope stats at %s', async (path) => {
    await stats
      .get(path)
      .expect(401)
      .expect('WWW-Authenticate', /Bearer/);
    await stats.get(path, { 'X-API-Key': 'another-key' }).expect(401);
    await stats.get(path, { 'X-API-Key': 'send-key-123' }).expect(403);
    await stats.get(path, { Authorization: 'Bearer read-key-123' }).expect(200);
    await stats.get(path, { 'X-API-Key': 'read-key-123' }).expect(200);
  });

  it('asks for the key before it says what is wrong with the query', async () => {
    await stats.get('/stats/dau?from=x').expect(401);
  });

  it('asks for none at health, metrics and documents', async () => {
    for (const path of ['/health', '/health/live', '/health/ready', '/metrics', '/openapi.json']) {
      await stats.get(path).expect(200);
    }
  });
});

describe('when the database does not answer', () => {
  it('says within the statement timeout that the statistic took too long', async () => {
    const stats = await startStatsTest({ statementTimeoutMs: 200 });
    const other = connect(stats.url);
    try {
      await other.transaction(async (sql) => {
        await sql`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`;
        const beganMs = Date.now();
        const { body, headers } = await stats.get('/stats/dau').expect(503);
        expect(Date.now() - beganMs).toBeLessThan(5_000);
        expect(headers['content-type']).toMatch(/^application\/problem\+json/);
        expect(headers['retry-after']).toBe('30');
        expect(body).toMatchObject({
          code: 'statement_timeout',
          detail: expect.stringContaining('longer than 200 ms'),
        });
        expect(JSON.stringify(body)).not.toMatch(/select|statement timeout/i);
      });
      await stats.get('/stats/dau').expect(200);
    } finally {
      await other.end({ timeout: 5 });
      await stats.close();
    }
  });

  it('refuses what would only queue', async () => {
    const stats = await startStatsTest({ statementTimeoutMs: 1_000, queriesMax: 2 });
    const other = connect(stats.url);
    try {
      await other.transaction(async (sql) => {
        await sql`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`;
        const answers = await Promise.all([1, 2, 3].map(() => stats.get('/stats/dau')));
        const retryAfter = answers.map(({ status, headers }) => [status, headers['retry-after']]).sort();
        expect(retryAfter).toEqual([
          [503, '1'],
          [503, '30'],
          [503, '30'],
        ]);
      });
      await stats.get('/stats/dau').expect(200);
    } finally {
      await other.end({ timeout: 5 });
      await stats.close();
    }
  });

  it('says that the database is down, in its own words, and in its health', async () => {
    const stats = await startStatsTest({ databaseUrl: 'postgres://me:secret@127.0.0.1:1/none' });
    try {
      const { body, headers } = await stats.get('/stats/top-events').expect(503);
      expect(headers['retry-after']).toBe('5');
      expect(body.code).toBe('database_unavailable');
      expect(body.detail).toBe('The database cannot be reached at the moment.');
      expect(JSON.stringify(body)).not.toMatch(/secret|ECONNREFUSED|127\.0\.0\.1/);
      const health = await stats.get('/health').expect(503);
      expect(health.body).toMatchObject({ status: 'down', dependencies: { postgres: { status: 'down' } } });
      await stats.get('/health/ready').expect(503);
      await stats.get('/health/live').expect(200);
      await stats.get('/stats/dau?from=x').expect(422);
    } finally {
      await stats.close();
    }
  });

  it('is healthy with a migrated database, and says which zones are indexed', async () => {
    const stats = await startStatsTest({ zones: ['UTC', 'Asia/Tokyo'], indexed: ['UTC'] });
    try {
      const { body } = await stats.get('/health').expect(200);
      expect(body.dependencies.index).toMatchObject({
        status: 'ok',
        critical: false,
        zones: { UTC: 'ready', 'Asia/Tokyo': 'missing' },
      });
      expect(body.dependencies.postgres).toMatchObject({
        status: 'ok',
        migrated: true,
        version: expect.any(String),
      });
    } finally {
      await stats.close();
    }
  });
});
