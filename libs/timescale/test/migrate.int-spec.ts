import { cpSync, appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkDatabase, migrate, type StorageKind } from '../src/index.js';
import { openEmptyDatabase, storages, type OpenedDatabase } from './test-database.js';

const names = (storage: StorageKind) => [
  `0001_events.${storage}.sql`,
  '0002_activity_log.sql',
  '0003_activity_index.sql',
  '0004_retained_from.sql',
  '0005_activity_log_text.sql',
  '0006_imports.sql',
  '0007_activity_log_sorted.sql',
];
/** One that this code does not know. */
const NEWER = '0008_more.sql';

describe.each(storages)('migrate on %s', (storage) => {
  let opened: OpenedDatabase;
  let folder: string;

  beforeEach(async () => {
    opened = await openEmptyDatabase(storage);
    folder = mkdtempSync(join(tmpdir(), 'migrations-'));
    cpSync(join(__dirname, '../src/migrations'), folder, { recursive: true });
  });
  afterEach(async () => {
    await opened.close();
    rmSync(folder, { recursive: true });
  });
  const copy = () => ({ folder: pathToFileURL(`${folder}/`) });

  it('makes the schema once, and has nothing to do the second time', async () => {
    const steps: string[] = [];
    const log = {
      info: (event: string, context: object) => steps.push(`${event} ${JSON.stringify(context)}`),
    };
    expect(await checkDatabase(opened.db, { timeoutMs: 5_000 })).toMatchObject({
      storage: null,
      migrated: false,
    });
    expect(await migrate(opened.db, { log })).toEqual({ applied: names(storage), storage });
    expect(steps[0]).toContain('storage_chosen');
    expect(steps).toHaveLength(names(storage).length + 1);
    expect(await migrate(opened.db, { log })).toEqual({ applied: [], storage });
    expect(steps).toHaveLength(names(storage).length + 1);
    const state = await checkDatabase(opened.db, { timeoutMs: 5_000 });
    expect(state).toMatchObject({ storage, migrated: true });
    expect(state).not.toHaveProperty('newer');
    expect(state.version).toMatch(/^\d+\.\d+$/);
  });

  it('is safe when eight processes start at once', async () => {
    const pools = Array.from({ length: 8 }, () => opened.connect({ maxConnections: 1 }));
    const results = await Promise.all(pools.map((db) => migrate(db)));
    expect(results.flatMap(({ applied }) => applied).sort()).toEqual(names(storage));
    expect(new Set(results.map((result) => result.storage))).toEqual(new Set([storage]));
  });

  it('goes on where it was with the migrations of a newer version', async () => {
    await migrate(opened.db);
    writeFileSync(join(folder, NEWER), 'CREATE TABLE more (id int);');
    expect((await migrate(opened.db, copy())).applied).toEqual([NEWER]);
    expect(await checkDatabase(opened.db, { timeoutMs: 5_000 })).toMatchObject({
      migrated: true,
      newer: NEWER,
    });
    await expect(migrate(opened.db)).rejects.toMatchObject({
      code: 'schema_newer',
      message: expect.stringContaining(NEWER),
    });
  });

  it('refuses an applied migration that was edited, but not one whose line ends were turned', async () => {
    await migrate(opened.db, copy());
    const file = join(folder, '0002_activity_log.sql');
    const text = (await import('node:fs')).readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll('\n', '\r\n'));
    expect((await migrate(opened.db, copy())).applied).toEqual([]);
    appendFileSync(file, '-- edited');
    await expect(migrate(opened.db, copy())).rejects.toMatchObject({
      code: 'migration_edited',
      message: expect.stringContaining('0002_activity_log.sql'),
    });
  });

  it('leaves nothing of a migration that failed, and goes on once it is mended', async () => {
    writeFileSync(join(folder, NEWER), 'CREATE TABLE more (id int); SELECT 1/0;');
    await expect(migrate(opened.db, copy())).rejects.toMatchObject({ code: '22012' });
    writeFileSync(join(folder, NEWER), 'CREATE TABLE more (id int);');
    expect((await migrate(opened.db, copy())).applied).toEqual([NEWER]);
  });

  it('keeps to the storage that was recorded', async () => {
    await migrate(opened.db);
    const other = storage === 'partitions' ? 'timescaledb' : 'partitions';
    const { pathname } = new URL(opened.url);
    await opened.db.run((sql) =>
      sql.unsafe(`ALTER DATABASE "${pathname.slice(1)}" SET event_analytics.storage = '${other}'`),
    );
    expect((await migrate(opened.connect())).storage).toBe(storage);
  });
});

describe('the storage', () => {
  it('is what the setting says, and a wrong setting is an error', async () => {
    const opened = await openEmptyDatabase('partitions');
    try {
      const { pathname } = new URL(opened.url);
      await opened.db.run((sql) =>
        sql.unsafe(`ALTER DATABASE "${pathname.slice(1)}" SET event_analytics.storage = 'mongodb'`),
      );
      await expect(migrate(opened.connect())).rejects.toMatchObject({ code: 'storage_missing' });
    } finally {
      await opened.close();
    }
  });

  it('is an error where the database was made for TimescaleDB and the server has none', async () => {
    if (storages.includes('timescaledb')) return;
    const opened = await openEmptyDatabase('partitions');
    try {
      await migrate(opened.db);
      await opened.db.run((sql) => sql`UPDATE event_storage SET kind = 'timescaledb'`);
      await expect(migrate(opened.db)).rejects.toMatchObject({ code: 'storage_missing' });
    } finally {
      await opened.close();
    }
  });
});
