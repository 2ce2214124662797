import { bench, events, eventually, opened } from './fixture.js';

const open = opened();
afterEach(() => open.closeAll());

test.each([['true'], ['false']])(
  'on a schema that a newer version has made it does not begin, says why, and is not ready (MIGRATE_ON_START=%s)',
  async (migrateOnStart) => {
    const b = await bench(open);
    await b.db.run(
      (sql) => sql`INSERT INTO schema_migrations SELECT max(id) + 1, 'more.sql', '' FROM schema_migrations`,
    );
    await b.publish(events(10));
    const writer = await b.startWriter({ MIGRATE_ON_START: migrateOnStart });
    await eventually(
      () => writer.output(),
      (output) => /"event":"database_not_ready".*"level":"error".*more\.sql/.test(output),
    );
    const response = await fetch(`${writer.url}/health`);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ dependencies: { postgres: { status: 'down' } } });
    expect((await b.totals()).rows).toBe(0);

    await b.db.run((sql) => sql`DELETE FROM schema_migrations WHERE name = 'more.sql'`);
    await writer.waitReady({ timeoutMs: 20_000 });
    await b.drained();
    expect((await b.totals()).rows).toBe(10);
  },
);
