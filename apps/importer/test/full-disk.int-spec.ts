import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  childEnd,
  eventually,
  mayMount,
  mountSmallDisk,
  startOwnServers,
  uniqueName,
  type ChildEnd,
  type SmallDisk,
  type TestDatabase,
} from '@event-analytics/testkit';
import { migrate } from '@event-analytics/timescale';

import { HEADER, idOf, row, rows } from './events-csv.js';
import {
  connect,
  createImporterWorld,
  expectLedger,
  readRejects,
  type ImporterWorld,
} from './importer-world.js';
import { startImporter, summaryOf } from './run-importer.js';

const DEV_FULL = '/dev/full';
const withDevFull = existsSync(DEV_FULL) ? it : it.skip;
const describeAsRoot = mayMount() ? describe : describe.skip;

describe('a full disk', () => {
  let world: ImporterWorld;
  let undo: (() => Promise<void>)[];
  beforeEach(() => {
    undo = [];
  });
  afterEach(async () => {
    const failures: unknown[] = [];
    // Each whatever became of the others: no file system stays mounted.
    for (const step of undo.reverse()) await step().catch((error: unknown) => failures.push(error));
    expect(failures).toEqual([]);
  });

  withDevFull('ends the import whose reject file it is for; the next run goes on', async () => {
    await openWorld();
    const text = HEADER + rows(0, 2_000).replace(idOf(1_500), 'no-uuid');
    const path = await world.file('input', text);
    const args = [path, '--chunk-bytes', '4096', '--connections', '1'];
    const full = await world.run([...args, '--reject-file', DEV_FULL]);
    expect(full.exitCode).toBe(1);
    expect(full.stderr).toContain('input:1502: invalid_uuid');
    expect(full.stderr).toContain(
      'input: the reject file /dev/full cannot be written (ENOSPC); see --reject-file',
    );
    const { inserted } = full.summary;
    expect(inserted).toBeGreaterThan(1_000);
    expect(inserted).toBeLessThan(1_500);
    await expectLedger(world.db, inserted);

    const second = await world.run(args);
    expect(second.exitCode).toBe(3);
    expect(second.summary).toMatchObject({
      rows: 2_000,
      stored_before: inserted,
      inserted: 1_999 - inserted,
      rejected: 1,
    });
    expect(await readRejects(join(world.cwd, 'input.rejects.csv'))).toMatchObject([{ line: 1_502 }]);
    await expectLedger(world.db, 1_999);
  });

  describeAsRoot('of its own (skipped where no file system may be mounted)', () => {
    it('that fills up with rejected rows: none is lost and none is there twice in the end', async () => {
      await openWorld();
      const disk = smallDisk({ mib: 4 });
      const wide = 'x'.repeat(1_000);
      const isBad = (n: number): boolean => n % 2 === 1;
      let text = HEADER;
      for (let n = 0; n < 1_000; n += 1) text += isBad(n) ? row(n).replace('page_view', wide) : row(n);
      const rejectFile = join(disk.directory, 'rejects.csv');
      const args = [
        await world.file('input', text),
        ...['--chunk-bytes', '8192', '--connections', '1', '--reject-file', rejectFile],
      ];
      // Room for some hundred: the last that begins is cut in the middle.
      disk.fill({ leaveKib: 300 });
      const full = await world.run(args);
      expect(full.exitCode).toBe(1);
      expect(full.stderr).toMatch(/the reject file \S+ cannot be written \(ENOSPC\); see --reject-file/);
      expect(full.summary.rejected).toBeGreaterThan(100);
      await expectLedger(world.db, full.summary.inserted);

      disk.makeRoom();
      const second = await world.run(args);
      expect(second.exitCode).toBe(3);
      expect(second.summary).toMatchObject({ rows: 1_000, rejected: 500, error: null });
      const expected = Array.from({ length: 500 }, (_, n) => ({ line: 2 * n + 3, code: 'too_long' }));
      expect(await readRejects(rejectFile)).toMatchObject(expected);
      await expectLedger(world.db, 500);
    });

    it.each([
      ['waits for room, and goes on where there is', false],
      ['may be interrupted, and the next run goes on', true],
    ])('of the database: the import %s', async (_what, isInterrupted) => {
      const disk = await databaseOnSmallDisk();
      const padded = (n: number): string =>
        row(n).replace('""n""', `""padding"":""${randomBytes(600).toString('hex')}"",""n""`);
      const text = HEADER + Array.from({ length: 4_000 }, (_, n) => padded(n)).join('');
      const args = ['import', await world.file('input', text), '--chunk-bytes', '65536'];
      disk.fill({ leaveKib: 1_024 });

      const child = startImporter(args, { cwd: world.cwd, databaseUrl: world.url });
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const end = childEnd(child);
      child.stdin.end();
      const full = /^PostgreSQL at \S+ refused \(disk_full 53100\); trying again in \d+ ms$/m;
      await eventually('the disk is full for the database', 20_000, () => said, full.test.bind(full));

      let ended: ChildEnd;
      if (isInterrupted) {
        child.kill('SIGTERM');
        ended = await end;
        expect(ended.exitCode).toBe(143);
        const { inserted, rejected } = summaryOf(ended);
        expect(inserted).toBeLessThan(4_000);
        expect(rejected).toBe(0);
        disk.makeRoom();
        await expectLedger(world.db, inserted);
        ended = await world.run(args.slice(1));
        expect(summaryOf(ended).stored_before).toBe(inserted);
      } else {
        disk.makeRoom();
        ended = await end;
      }
      expect(ended.exitCode).toBe(0);
      expect(summaryOf(ended)).toMatchObject({ rows: 4_000, duplicates: 0, rejected: 0, error: null });
      await expectLedger(world.db, 4_000);
    });
  });

  async function openWorld(database?: TestDatabase): Promise<void> {
    world = await createImporterWorld(database);
    undo.push(() => world.close());
  }

  function smallDisk(o: { mib: number }): SmallDisk {
    const disk = mountSmallDisk(o);
    undo.push(() => Promise.resolve(disk.unmount()));
    return disk;
  }

  /**
   * Its tables alone lie there: the log of the server has room. A server of its own, for its checkpoints fail while the disk
   * is full, and with them what others ask of it.
   */
  async function databaseOnSmallDisk(): Promise<SmallDisk> {
    const servers = await startOwnServers();
    undo.push(() => servers.stop());
    const adminUrl = new URL(servers.postgresUrl);
    const admin = connect(adminUrl.href);
    undo.push(() => admin.end({ timeout: 5 }));
    const [server] = await admin.run(
      (sql) => sql<{ directory: string }[]>`
      SELECT current_setting('data_directory') AS directory`,
    );
    const { uid, gid } = await stat(server?.directory ?? '');

    const disk = smallDisk({ mib: 128 });
    const location = join(disk.directory, 'tables');
    await mkdir(location);
    await chown(location, uid, gid);
    const tablespace = uniqueName('small_disk');
    const run = (statement: string) => admin.run((sql) => sql.unsafe(statement));
    await run(`CREATE TABLESPACE "${tablespace}" LOCATION '${location}'`);
    undo.push(async () => void (await run(`DROP TABLESPACE "${tablespace}"`)));

    const name = uniqueName('test');
    await run(`CREATE DATABASE "${name}" TEMPLATE template0 TABLESPACE "${tablespace}"`);
    const url = new URL(adminUrl);
    url.pathname = `/${name}`;
    const database: TestDatabase = {
      url: url.href,
      drop: async () => void (await run(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`)),
    };
    undo.push(() => database.drop());
    const db = connect(database.url);
    await migrate(db);
    await db.end({ timeout: 5 });
    await openWorld(database);
    return disk;
  }
});
