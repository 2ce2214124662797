import type { AcceptedEvent } from '@event-analytics/event-schema';
import {
  createFoldMemory,
  createStatistics,
  ensureIndexes,
  foldActivityLog,
  writeEvents,
  type FoldMemory,
  type Statistics,
} from '@event-analytics/timescale';
import { portableUserSets } from '@event-analytics/user-sets';

import { HEADER, idOf, row } from './events-csv.js';
import { openWorkspace, type Workspace } from './importer-workspace.js';
import { summaryOf } from './run-importer.js';

const DAY_ROWS = 24 * 60;
const ZONES = ['UTC', 'America/New_York'];

describe('event-importer import undo', () => {
  let at: Workspace;
  let memory: FoldMemory;
  let statistics: Statistics;
  beforeEach(async () => {
    at = await openWorkspace();
    await ensureIndexes(at.db, ZONES);
    memory = createFoldMemory(portableUserSets);
    statistics = createStatistics({
      db: at.db,
      userSets: portableUserSets,
      cacheBytesMax: 4_000_000,
      statementTimeoutMs: 30_000,
    });
  });
  afterEach(async () => {
    statistics.close();
    await at.close();
  });

  const undo = (id: number) => at.run(['import', 'undo', `${id}`]);

  async function fold(): Promise<void> {
    for (const historical of [true, false]) {
      while ((await foldActivityLog(at.db, memory, { historical, entriesMax: 10_000 }))?.more);
    }
  }

  /** What came over HTTP: the events of these rows. */
  async function write(from: number, to: number): Promise<void> {
    await writeEvents(at.db, numbers([from, to]).map(eventOfRow));
  }

  /** Exactly the events of these rows are there, the index answers for them, and says what it would of them alone. */
  async function expectEvents(...ranges: [number, number][]): Promise<void> {
    const expected = numbers(...ranges);
    const there = await at.db.run(
      (sql) => sql<{ event_id: string }[]>`SELECT event_id FROM events ORDER BY event_id`,
    );
    expect(there.map(({ event_id }) => event_id)).toEqual(expected.map(idOf));
    const recounted = await at.run(['recount']);
    expect(recounted.exitCode).toBe(0);
    expect(JSON.parse(recounted.stdout)).toMatchObject({
      differing: 0,
      events: expected.length,
      not_ready: [],
    });
    const range = { zone: 'UTC', from: '2024-03-04', to: '2024-03-14' };
    const days = await statistics.periodActiveUsers({ ...range, period: 'day' });
    expect(days.source).toBe('index');
    // Each row has a user of its own.
    expect(days.value.map(({ activeUsers }) => activeUsers)).toEqual(
      days.value.map((_, day) => expected.filter((n) => Math.floor(n / DAY_ROWS) === day).length),
    );
    const types = await statistics.topEvents({ ...range, limit: 10 });
    expect(types.value).toEqual(
      ['view', 'buy']
        .map((eventType) => ({ eventType, count: expected.filter((n) => typeOf(n) === eventType).length }))
        .filter(({ count }) => count > 0)
        .map((top) => expect.objectContaining(top)),
    );
  }

  it('removes what the import alone brought, and no statistic knows of it any more', async () => {
    const a = await at.file('a.csv', csv([0, 3_000]));
    const b = await at.file('b.csv', csv([2_000, 4_000]));
    await write(900, 1_000);
    expect(summaryOf(await at.run(['import', a]))).toMatchObject({ inserted: 2_900, duplicates: 100 });
    expect(summaryOf(await at.run(['import', b]))).toMatchObject({ inserted: 1_000, duplicates: 1_000 });
    await write(1_000, 1_100);
    await fold();
    await expectEvents([0, 4_000]);

    const undone = await undo(1);
    expect(undone.exitCode).toBe(0);
    expect(JSON.parse(undone.stdout)).toEqual({
      id: 1,
      removed: 1_800,
      kept: 1_100,
      seconds: expect.any(Number),
      interrupted: false,
      error: null,
    });
    expect(undone.stderr).toContain('1,800 events removed, 1,100 kept that came otherwise as well');
    await expectEvents([900, 1_100], [2_000, 4_000]);
    expect(await at.status(1)).toMatchObject({ state: 'undone' });

    const again = await undo(1);
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain('cannot undo import 1: it is undone');
    expect(JSON.parse(again.stdout)).toMatchObject({
      removed: 0,
      error: expect.stringContaining('it is undone'),
    });
    await expectEvents([900, 1_100], [2_000, 4_000]);

    // What the other shared with it is the other's alone now.
    expect(JSON.parse((await undo(2)).stdout)).toMatchObject({ removed: 2_000, kept: 0 });
    await expectEvents([900, 1_100]);
  });

  it('has the same file brought anew afterwards', async () => {
    const a = await at.file('a.csv', csv([0, 2_000]));
    await at.run(['import', a]);
    await write(500, 600);
    await undo(1);
    await expectEvents([500, 600]);
    const anew = await at.run(['import', a]);
    expect(anew.exitCode).toBe(0);
    expect(summaryOf(anew)).toMatchObject({
      rows: 2_000,
      stored_before: 0,
      inserted: 1_900,
      duplicates: 100,
      files: [{ import_id: 2 }],
    });
    await fold();
    await expectEvents([0, 2_000]);
    expect(JSON.parse((await undo(2)).stdout)).toMatchObject({ removed: 1_900 });
    await expectEvents([500, 600]);
  });

  it('says what it has removed where it fails, and goes on from there', async () => {
    await at.run(['import', await at.file('a.csv', csv([0, 4 * DAY_ROWS]))]);
    await write(0, 100);
    await fold();
    const held = '2024-03-07T00:00:00Z';
    await at.db.run((sql) =>
      sql.unsafe(`
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'kept by somebody'; END $$;
        CREATE TRIGGER refusal BEFORE DELETE ON events FOR EACH ROW
          WHEN (OLD.occurred_at >= '${held}') EXECUTE FUNCTION refuse()`),
    );
    const failed = await undo(1);
    expect(failed.exitCode).toBe(1);
    const { removed, kept, error } = JSON.parse(failed.stdout);
    expect(error).not.toBeNull();
    expect(removed).toBeGreaterThan(0);
    expect(kept).toBe(100);
    const { events } = await at.stored();
    expect(removed).toBe(4 * DAY_ROWS - events);
    expect(failed.stderr).toContain(`${removed.toLocaleString('en-US')} events removed, 100 kept`);

    await at.db.run((sql) => sql.unsafe('DROP TRIGGER refusal ON events'));
    expect(JSON.parse((await undo(1)).stdout)).toMatchObject({ removed: events - 100, kept: 0, error: null });
    await expectEvents([0, 100]);
  });

  it('takes back an import that was killed', async () => {
    const text = csv([0, 2_000]);
    await write(0, 100);
    await at.killedAt(text.length / 2, [await at.file('a.csv', text), '--chunk-bytes', '4096']);
    const { events } = await at.stored();
    expect(events).toBeGreaterThan(100);
    expect(JSON.parse((await undo(1)).stdout)).toMatchObject({ removed: events - 100, error: null });
    await expectEvents([0, 100]);
  });

  describe('killed in the middle', () => {
    const DAYS = 10;
    const ROWS = DAYS * DAY_ROWS;
    let path: string;

    /** Days are taken back up to one of which somebody holds an event, so that there it waits and is killed. */
    beforeEach(async () => {
      path = await at.file('a.csv', csv([0, ROWS]));
      await at.run(['import', path]);
      await write(ROWS - 100, ROWS + 100);
      await fold();
      const held = (DAYS - 4) * DAY_ROWS;
      const release = await at.holding(
        'an event',
        `SELECT FROM events WHERE event_id = '${idOf(held)}' FOR UPDATE`,
      );
      const child = at.start(['import', 'undo', '1']);
      await at.waitForLocks(1);
      await at.killAndWait(child, release);
      const { events } = await at.stored();
      expect(events).toBeLessThan(ROWS);
      expect(events).toBeGreaterThanOrEqual(ROWS + 100 - held);
      expect(await at.status(1)).toMatchObject({ state: 'undoing' });
    });

    it('counts right as it is, and ends when it is run again', async () => {
      const { events } = await at.stored();
      await expectEvents([ROWS + 100 - events, ROWS + 100]);
      const refused = await at.run(['import', 'resume', '1']);
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain('cannot go on with import 1: it is undoing');

      const undone = await undo(1);
      expect(undone.exitCode).toBe(0);
      expect(JSON.parse(undone.stdout)).toMatchObject({ removed: events - 200, kept: 100, error: null });
      await expectEvents([ROWS - 100, ROWS + 100]);
      expect(await at.status(1)).toMatchObject({ state: 'undone' });
    });

    it('leaves to another import of the same file what that has brought meanwhile', async () => {
      const { events } = await at.stored();
      const anew = summaryOf(await at.run(['import', path]));
      expect(anew).toMatchObject({ inserted: ROWS + 100 - events, files: [{ import_id: 2 }] });
      expect(JSON.parse((await undo(1)).stdout)).toMatchObject({ removed: 0, kept: events - 100 });
      await fold();
      await expectEvents([0, ROWS + 100]);
    });
  });
});

function numbers(...ranges: [number, number][]): number[] {
  return ranges.flatMap(([from, to]) => Array.from({ length: to - from }, (_, i) => from + i));
}

/** More views than others, whatever is left. */
function typeOf(n: number): 'view' | 'buy' {
  return n % 3 === 0 ? 'buy' : 'view';
}

/** As in events-csv, but each of a user of its own. */
function rowOfUser(n: number): string {
  return row(n)
    .replace(/user-\d+/, `user-${n}`)
    .replace('page_view', typeOf(n));
}

function csv(...ranges: [number, number][]): string {
  return (
    HEADER +
    numbers(...ranges)
      .map(rowOfUser)
      .join('')
  );
}

function eventOfRow(n: number): AcceptedEvent {
  const [eventId = '', occurredAt = '', userId = '', eventType = ''] = rowOfUser(n).split(',');
  return {
    event_id: eventId,
    occurred_at: occurredAt,
    user_id: userId,
    event_type: eventType,
    properties: { n },
  };
}
