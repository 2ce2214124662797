import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { portableUserSets } from '@event-analytics/user-sets';
import {
  childEnd,
  createTestDatabase,
  eventually,
  type ChildEnd,
  type TestDatabase,
} from '@event-analytics/testkit';
import {
  connectDatabase,
  createFoldMemory,
  ensureIndexes,
  foldActivityLog,
  type Database,
} from '@event-analytics/timescale';

import { HEADER, row } from './events-csv.js';
import { runImporter, startImporter } from './run-importer.js';

const ZONES = ['Asia/Kathmandu', 'UTC'];
const WAIT_MS = 30_000;

describe('event-importer recount and reindex', () => {
  let database: TestDatabase;
  let db: Database;
  beforeEach(async () => {
    database = await createTestDatabase();
    db = connectDatabase({ url: database.url, applicationName: 'test', maxConnections: 1 });
    expect((await run(['migrate'])).exitCode).toBe(0);
    await ensureIndexes(db, ZONES);
    const csv = HEADER + Array.from({ length: 500 }, (_, n) => row(n)).join('');
    expect((await run(['import', '-'], csv)).exitCode).toBe(0);
  });
  afterEach(async () => {
    await db.end({ timeout: 1 });
    await database.drop();
  });

  const run = (args: string[], stdin = ''): Promise<ChildEnd> =>
    runImporter(args, { cwd: tmpdir(), databaseUrl: database.url, stdin });
  const damage = () =>
    db.run((sql) => sql.unsafe('UPDATE activity_counts SET total = total + 1; DELETE FROM activity_users'));

  async function fold(): Promise<void> {
    const memory = createFoldMemory(portableUserSets);
    for (const historical of [true, false])
      await foldActivityLog(db, memory, { historical, entriesMax: 10_000 });
  }

  it('finds nothing, folded or not yet', async () => {
    const early = await run(['recount']);
    expect(early.exitCode).toBe(0);
    await fold();
    const { exitCode, stdout, stderr } = await run(['recount', '--quiet']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({
      differing: 0,
      differences: [],
      events: 500,
      zones: ZONES,
      not_ready: [],
      refused: [],
      interrupted: false,
    });
    expect(summary.compared).toBeGreaterThan(JSON.parse(early.stdout).compared);
  });

  it('shows what differs, as many as asked for, and ends with 4', async () => {
    await fold();
    await damage();
    const { exitCode, stdout, stderr } = await run(['recount', '--limit', '2']);
    expect(exitCode).toBe(4);
    const summary = JSON.parse(stdout);
    expect(summary.differences).toHaveLength(2);
    expect(summary.differing).toBeGreaterThan(2);
    const lines = stderr.trim().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^date +what +zone +event type +index +events$/);
    expect(lines[3]).toContain('(the first 2 are shown)');
  });

  describe('that could not compare everything', () => {
    const setState = (zone: string, state: string) =>
      db.run((sql) => sql`UPDATE activity_indexes SET state = ${state} WHERE zone = ${zone}`);

    it.each([
      ['building', 5, { not_ready: ['Asia/Kathmandu'], refused: [] }, 'not ready yet, and not compared'],
      [
        'refused',
        0,
        { not_ready: [], refused: ['Asia/Kathmandu'] },
        'without an index, answered from the events',
      ],
    ])('names the zone that is %s, and ends with %i', async (state, code, missing, said) => {
      await fold();
      await setState('Asia/Kathmandu', state);
      const { exitCode, stdout, stderr } = await run(['recount']);
      expect(exitCode).toBe(code);
      expect(JSON.parse(stdout)).toMatchObject({ differing: 0, zones: ['UTC'], ...missing, error: null });
      expect(stderr).toContain(`${said}: Asia/Kathmandu`);
    });

    it('ends with 5 where there is no index', async () => {
      await db.run((sql) => sql.unsafe('TRUNCATE activity_indexes'));
      const { exitCode, stdout, stderr } = await run(['recount']);
      expect(exitCode).toBe(5);
      expect(JSON.parse(stdout)).toMatchObject({ compared: 0, zones: [], not_ready: ['counts (UTC)'] });
      expect(stderr).toContain('not compared: counts (UTC)');
      expect(stderr).toContain('0 numbers of no zone');
    });

    it('ends with 4 where the rest differs', async () => {
      await fold();
      await damage();
      await setState('Asia/Kathmandu', 'building');
      const { exitCode, stdout } = await run(['recount']);
      expect(exitCode).toBe(4);
      expect(JSON.parse(stdout)).toMatchObject({ zones: ['UTC'], not_ready: ['Asia/Kathmandu'] });
    });
  });

  it.each([
    ['SIGINT' as const, 130],
    ['SIGTERM' as const, 143],
  ])('ends on %s after the step in hand', async (signal, code) => {
    await fold();
    const other = connectDatabase({ url: database.url, applicationName: 'other', maxConnections: 1 });
    try {
      const { child, end } = await other.transaction(async (sql) => {
        await sql`LOCK TABLE activity_users IN ACCESS EXCLUSIVE MODE`;
        const child = startImporter(['recount'], { cwd: tmpdir(), databaseUrl: database.url });
        const end = childEnd(child);
        await eventually(
          'it waits',
          WAIT_MS,
          () =>
            db.run(
              (sql) => sql`
                SELECT FROM pg_stat_activity
                WHERE datname = current_database() AND application_name = 'event-importer'
                  AND wait_event_type = 'Lock'`,
            ),
          (rows) => rows.length === 1,
        );
        child.kill(signal);
        // Until it has noticed.
        await sleep(500);
        return { child, end };
      });
      const { exitCode, stdout, stderr } = await end;
      expect(child.signalCode).toBeNull();
      expect(exitCode).toBe(code);
      expect(JSON.parse(stdout)).toMatchObject({ interrupted: true, zones: [], error: null });
      expect(stderr).toContain('interrupted: ');
    } finally {
      await other.end({ timeout: 1 });
    }
  });

  it('is mended by reindex, of all zones or of one, run twice or killed in between', async () => {
    await fold();
    await damage();
    expect((await run(['reindex', '--zone', 'UTC'])).exitCode).toBe(0);
    const half = JSON.parse((await run(['recount'])).stdout);
    expect(new Set(half.differences.map(({ zone }: { zone: string }) => zone))).toEqual(
      new Set(['Asia/Kathmandu']),
    );

    const killed = startImporter(['reindex'], { cwd: tmpdir(), databaseUrl: database.url });
    const end = childEnd(killed);
    killed.kill('SIGKILL');
    await end;
    const { exitCode, stdout } = await run(['reindex']);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ zones: ZONES, interrupted: false, error: null });
    expect((await run(['recount'])).exitCode).toBe(0);
    const indexes = await db.run((sql) => sql`SELECT zone, state FROM activity_indexes ORDER BY zone`);
    expect(indexes.map(({ zone, state }) => [zone, state])).toEqual([
      ['', 'ready'],
      ...ZONES.map((zone) => [zone, 'ready']),
    ]);
  });

  it('refuses a zone that is not indexed, and names those that are', async () => {
    const { exitCode, stderr } = await run(['reindex', '--zone', 'UTC', '--zone', 'Europe/Berlin']);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('not indexed: Europe/Berlin; indexed are: Asia/Kathmandu, UTC');
  });

  it('says when the database cannot be reached', async () => {
    for (const command of ['recount', 'reindex']) {
      const down = { cwd: tmpdir(), databaseUrl: 'postgres://me@127.0.0.1:1/none' };
      const ended = await runImporter([command], down);
      expect(ended.exitCode).toBe(1);
      expect(ended.stderr).toContain('cannot be reached (ECONNREFUSED)');
      expect(JSON.parse(ended.stdout).error).toContain('cannot be reached');
    }
  });
});
