import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { startServers, startService, type ServiceProcess } from '@event-analytics/stack';
import { createTestDatabase, eventually } from '@event-analytics/testkit';

import { connect } from './stats-app.js';

const MAIN = join(__dirname, '../dist/main.js');

describe('the stats-api process', () => {
  it('starts while PostgreSQL is down, and recovers, also from a restart of it', async () => {
    const servers = await startServers({ only: ['postgres'] });
    let service: ServiceProcess | undefined;
    try {
      await servers.postgres?.kill('SIGKILL');
      service = await startService({
        app: 'stats-api',
        env: { DATABASE_URL: servers.postgresUrl, LOG_LEVEL: 'warn' },
      });
      const status = async (path: string): Promise<number> => (await fetch(`${service?.url}${path}`)).status;
      expect(await status('/health/live')).toBe(200);
      expect(await status('/health/ready')).toBe(503);
      expect(await status('/health')).toBe(503);
      expect(await status('/stats/dau')).toBe(503);

      for (let round = 0; round < 2; round += 1) {
        await servers.postgres?.restart();
        await service.waitReady({ timeoutMs: 20_000 });
        expect(await status('/stats/dau')).toBe(200);
        await servers.postgres?.kill('SIGKILL');
        expect(await status('/stats/dau')).toBe(503);
        // What it knew a moment ago is answered for another.
        await eventually(
          'it is not ready',
          10_000,
          () => status('/health/ready'),
          (ready) => ready === 503,
        );
      }
      expect(service.output()).toContain('"event":"database_not_ready"');
    } finally {
      await service?.stop();
      await servers.stop();
    }
  });

  it('migrates when it starts, four of them at once, unless told not to', async () => {
    const database = await createTestDatabase();
    const env = { DATABASE_URL: database.url, LOG_LEVEL: 'info' };
    const services = await Promise.all([1, 2, 3, 4].map(() => startService({ app: 'stats-api', env })));
    try {
      await Promise.all(services.map((service) => service.waitReady()));
      const applied = services.flatMap(
        (service) => service.output().match(/"event":"migration_applied"/g) ?? [],
      );
      const db = connect(database.url);
      const [counted] = await db.run(
        (sql) => sql<{ n: number }[]>`SELECT count(*)::int AS n FROM schema_migrations`,
      );
      await db.end({ timeout: 5 });
      expect(applied).toHaveLength(counted?.n ?? -1);
    } finally {
      await Promise.all(services.map((service) => service.stop()));
      await database.drop();
    }
    const empty = await createTestDatabase();
    const service = await startService({
      app: 'stats-api',
      env: { DATABASE_URL: empty.url, MIGRATE_ON_START: 'false', LOG_LEVEL: 'error' },
    });
    try {
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(503);
      expect((await fetch(`${service.url}/stats/dau`)).status).toBe(503);
    } finally {
      await service.stop();
      await empty.drop();
    }
  });

  it('answers from a schema that a newer version has made, and says so', async () => {
    const { database, env, db } = await migratedDatabase();
    await db.run(
      (sql) => sql`INSERT INTO schema_migrations SELECT max(id) + 1, 'more.sql', '' FROM schema_migrations`,
    );
    await db.end({ timeout: 5 });
    const service = await startService({ app: 'stats-api', env });
    try {
      await service.waitReady();
      expect((await fetch(`${service.url}/stats/dau`)).status).toBe(200);
      await eventually(
        'it is said',
        10_000,
        () => service.output(),
        (output) => /"event":"schema_newer".*"migration":"more.sql"/.test(output),
      );
    } finally {
      await service.stop();
      await database.drop();
    }
  });

  it('is not ready where an applied migration was edited, until that is put right', async () => {
    const { database, env, db } = await migratedDatabase();
    await db.run((sql) => sql`UPDATE schema_migrations SET checksum = 'edited ' || checksum WHERE id = 2`);
    const service = await startService({ app: 'stats-api', env });
    try {
      await eventually(
        'it is said',
        10_000,
        () => service.output(),
        (output) => /"event":"database_not_ready".*"level":"error".*"migration_edited"/.test(output),
      );
      expect((await fetch(`${service.url}/health/ready`)).status).toBe(503);
      expect(await (await fetch(`${service.url}/health`)).json()).toMatchObject({
        dependencies: { postgres: { status: 'down' } },
      });
      await db.run((sql) => sql`UPDATE schema_migrations SET checksum = substr(checksum, 8) WHERE id = 2`);
      await service.waitReady({ timeoutMs: 20_000 });
    } finally {
      await service.stop();
      await db.end({ timeout: 5 });
      await database.drop();
    }
  });

  it.each([
    ['PORT', 'eighty', /^PORT: .*"eighty"/],
    ['REPORTING_TIMEZONES', 'UTC,Mars/Olympus', /^REPORTING_TIMEZONES: .*IANA/],
    ['USER_SETS', 'fast', /^USER_SETS: .*auto, native or portable/],
    ['STATS_CACHE_BYTES', '-1', /^STATS_CACHE_BYTES: .*0/],
    ['STATEMENT_TIMEOUT_MS', '0', /^STATEMENT_TIMEOUT_MS: .*10/],
    ['DATABASE_URL', 'mysql://me:secret@x/y', /^DATABASE_URL: must begin with postgres:/],
    ['API_KEYS', 'reader:abc', /^API_KEYS: entry 1/],
    ['MIGRATE_ON_START', 'maybe', /^MIGRATE_ON_START: /],
  ])('refuses to start with %s=%s, in one line', (name, value, line) => {
    const { status, stderr, stdout } = spawnSync(process.execPath, [MAIN], {
      env: { PATH: process.env['PATH'], [name]: value },
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(line);
    expect(stderr).not.toContain('secret');
  });
});

/** A database that a stats-api has migrated, which has ended. */
async function migratedDatabase() {
  const database = await createTestDatabase();
  const env = { DATABASE_URL: database.url, LOG_LEVEL: 'info' };
  const first = await startService({ app: 'stats-api', env });
  await first.waitReady();
  await first.stop();
  const db = connect(database.url);
  return { database, env, db };
}
