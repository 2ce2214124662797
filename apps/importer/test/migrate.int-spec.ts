import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { childEnd, createTestDatabase, type ChildEnd, type TestDatabase } from '@event-analytics/testkit';
import { connectDatabase } from '@event-analytics/timescale';

import { HEADER, row } from './events-csv.js';
import { runImporter, startImporter } from './run-importer.js';

describe('event-importer migrate', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  const run = (args: string[], stdin = ''): Promise<ChildEnd> =>
    runImporter(args, { cwd: tmpdir(), databaseUrl: database.url, stdin });

  it('prints what it applied, and nothing the second time', async () => {
    const first = await run(['migrate']);
    expect(first.exitCode).toBe(0);
    const { applied, storage } = JSON.parse(first.stdout);
    expect(applied.length).toBeGreaterThan(0);
    expect(['timescaledb', 'partitions']).toContain(storage);
    const second = await run(['migrate']);
    expect(second.exitCode).toBe(0);
    expect(JSON.parse(second.stdout)).toEqual({ applied: [], storage, error: null });
  });

  it('is safe four times at once', async () => {
    const ended = await Promise.all([1, 2, 3, 4].map(() => run(['migrate'])));
    expect(ended.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    const applied: string[] = ended.flatMap(({ stdout }) => JSON.parse(stdout).applied);
    expect(new Set(applied).size).toBe(applied.length);
  });

  it('is asked for by an import into an empty database', async () => {
    const early = await run(['import', '-'], HEADER + row(0));
    expect(early.exitCode).toBe(1);
    expect(early.stderr).toContain('run "event-importer migrate" first');
    await run(['migrate']);
    expect((await run(['import', '-'], HEADER + row(0))).exitCode).toBe(0);
  });

  it('by a newer version: nothing is written, but read', async () => {
    await run(['migrate']);
    expect((await run(['import', '-'], HEADER + row(0))).exitCode).toBe(0);
    const db = connectDatabase({ url: database.url, applicationName: 'test', maxConnections: 1 });
    try {
      await db.run(
        (sql) => sql`INSERT INTO schema_migrations SELECT max(id) + 1, 'more.sql', '' FROM schema_migrations`,
      );
    } finally {
      await db.end();
    }
    for (const args of [['import', '-'], ['import', 'undo', '1'], ['reindex'], ['migrate']]) {
      const { exitCode, stderr } = await run(args, HEADER + row(1));
      expect([args, exitCode]).toEqual([args, 1]);
      expect(stderr).toContain('more.sql, which this version does not know');
    }
    const exported = await run(['export']);
    expect(exported.exitCode).toBe(0);
    expect(exported.stdout.trim().split('\n')).toHaveLength(2);
    expect((await run(['import', 'list'])).exitCode).toBe(0);
  });

  it('waits for a database that is not up, but not for ever', async () => {
    const down = { cwd: tmpdir(), databaseUrl: 'postgres://me@127.0.0.1:1/none' };
    const began = Date.now();
    const ended = await runImporter(['migrate', '--wait-seconds', '1'], down);
    expect(ended.exitCode).toBe(1);
    expect(Date.now() - began).toBeGreaterThanOrEqual(1_000);
    expect(ended.stderr).toContain('waiting up to 1 s');
    expect(ended.stderr).toContain('cannot be reached (ECONNREFUSED)');
  });

  it.each([
    ['SIGINT' as const, 130],
    ['SIGTERM' as const, 143],
  ])('waits no longer on %s', async (signal, code) => {
    const down = { cwd: tmpdir(), databaseUrl: 'postgres://me@127.0.0.1:1/none' };
    const child = startImporter(['migrate', '--wait-seconds', '3600'], down);
    const end = childEnd(child);
    await once(child.stderr, 'data');
    child.kill(signal);
    const { exitCode, stderr } = await end;
    expect(stderr).toContain('waiting up to 3600 s');
    expect(exitCode).toBe(code);
  });
});
