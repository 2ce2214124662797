import { execFileSync } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as passed } from 'node:timers/promises';
import { createRandom, eventually } from '@event-analytics/testkit';

import { HEADER, row, rows } from './events-csv.js';
import { openWorkspace, type Workspace } from './importer-workspace.js';
import { mixedCsv } from './mixed-csv.js';
import { summaryOf } from './run-importer.js';

/** Small, so that there are many of them: some forty rows. */
const CHUNK = ['--chunk-bytes', '4096'];

describe('an import that is stopped in the middle', () => {
  let at: Workspace;
  beforeEach(async () => {
    at = await openWorkspace();
  });
  afterEach(async () => {
    await at.close();
  });

  it('has every row once, after ten kills at random moments', async () => {
    const random = createRandom(20_260);
    const { text, good, bad } = mixedCsv(12_000, 17);
    const path = await at.file('events.csv', text);
    // What is behind is not stored before the last kill, and no chunk is too quick to be killed in.
    const release = await at.holdChunksFrom(0.9 * text.length, { msEach: 10 });
    const storedAfter: number[] = [];
    for (let kill = 0; kill < 10; kill += 1) {
      const before = (await at.stored()).rows;
      const child = at.start(['import', path, ...CHUNK]);
      // Every third strikes while it starts, reads the digest and begins; the others once it has stored something new.
      if (kill % 3 !== 0) {
        const enough = before + 1 + random.below(0.1 * (0.9 * 12_000 - before));
        const decided = async () => (await at.stored()).rows;
        await eventually('it has stored something new', 30_000, decided, (count) => count >= enough);
      }
      await passed(random.below(kill % 3 === 0 ? 600 : 30));
      child.kill('SIGKILL');
      expect((await child.end).exitCode).toBeNull();
      const { events, inserted, rows: decided } = await at.stored();
      expect(events).toBe(inserted);
      expect(events).toBeLessThan(good);
      storedAfter.push(decided);
    }
    await release();
    const grew = storedAfter.filter((count, kill) => count > (storedAfter[kill - 1] ?? 0));
    expect(grew.length).toBeGreaterThanOrEqual(6);

    const before = await at.stored();
    const ended = await at.run(['import', path, ...CHUNK]);
    expect(ended.exitCode).toBe(3);
    const summary = summaryOf(ended);
    expect(summary).toMatchObject({
      rows: 12_000,
      duplicates: 0,
      rejected: bad.length,
      error: null,
      reject_file: 'events.csv.rejects.csv',
      files: [{ import_id: 1 }],
    });
    expect(summary.stored_before).toBeGreaterThanOrEqual(before.inserted);
    expect(summary.stored_before + summary.inserted).toBe(good);
    await at.expectStored(good);
    expect(await at.readRejects('events.csv.rejects.csv')).toEqual(bad);
    expect(await at.status(1)).toMatchObject({
      state: 'finished',
      rows: 12_000,
      inserted: good,
      duplicates: 0,
    });

    const rejects = await readFile(join(at.cwd, 'events.csv.rejects.csv'), 'utf8');
    const again = await at.run(['import', path, ...CHUNK]);
    expect(again.exitCode).toBe(3);
    expect(summaryOf(again)).toMatchObject({ rows: 12_000, stored_before: good, inserted: 0, duplicates: 0 });
    expect(await readFile(join(at.cwd, 'events.csv.rejects.csv'), 'utf8')).toBe(rejects);
  }, 120_000);

  it('goes on with other chunks than it began with', async () => {
    const { text, good, bad } = mixedCsv(3_000, 17);
    const path = await at.file('events.csv', text);
    await at.killedAt(text.length / 3, [path, ...CHUNK]);
    await at.killedAt((2 * text.length) / 3, [path, '--chunk-bytes', '10000']);
    const { events } = await at.stored();
    const ended = await at.run(['import', path, '--connections', '4']);
    expect(summaryOf(ended)).toMatchObject({
      rows: 3_000,
      stored_before: events,
      inserted: good - events,
      duplicates: 0,
      rejected: bad.length,
    });
    await at.expectStored(good);
    expect(await at.readRejects('events.csv.rejects.csv')).toEqual(bad);
  });

  it.each([
    ['SIGINT' as const, 130],
    ['SIGTERM' as const, 143],
  ])('goes on after %s, from where that left it', async (signal, code) => {
    const { text, good, bad } = mixedCsv(4_000, 17);
    const path = await at.file('events.csv', text);
    const release = await at.holdChunksFrom(text.length / 2);
    const child = at.start(['import', path, ...CHUNK]);
    await at.waitForLocks(2);
    child.kill(signal);
    await release();
    const stopped = await child.end;
    expect(stopped.exitCode).toBe(code);
    const first = summaryOf(stopped);
    expect(first).toMatchObject({ interrupted: true, error: null, files: [{ import_id: 1 }] });
    expect(first.inserted).toBeGreaterThan(good / 3);
    expect(first.inserted).toBeLessThan(good);
    await at.expectStored(first.inserted);

    const ended = await at.run(['import', path, ...CHUNK]);
    expect(ended.exitCode).toBe(3);
    expect(ended.stderr).toContain('events.csv: going on with import 1');
    expect(summaryOf(ended)).toMatchObject({
      rows: 4_000,
      stored_before: first.inserted,
      inserted: good - first.inserted,
      duplicates: 0,
      rejected: bad.length,
      files: [{ import_id: 1 }],
    });
    await at.expectStored(good);
    expect(await at.readRejects('events.csv.rejects.csv')).toEqual(bad);
  });

  it('is not resumed with a stream of another header', async () => {
    const text = HEADER + rows(0, 2_000);
    await at.killedAt(text.length / 2, ['-', ...CHUNK], text);
    const { events } = await at.stored();
    const other = text.replace('user_id,event_type', 'event_type,user_id');
    const refused = await at.run(['import', 'resume', '1', '-', ...CHUNK], { stdin: other });
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain('the input changed: its header');
    await at.expectStored(events);
  });

  it('has no row in the database that was too old and is not among the rejects', async () => {
    await at.db.run((sql) => sql`UPDATE event_storage SET retained_from = '2024-04-01T00:00:00Z'`);
    const marchEnds = 28 * 24 * 60;
    const path = await at.file('old.csv', HEADER + rows(marchEnds - 200, marchEnds + 200));
    // Whoever opens a pipe to write there waits for a reader: it is killed before it has written a row.
    execFileSync('mkfifo', [join(at.cwd, 'rejects.csv')]);
    const child = at.start(['import', path, ...CHUNK, '--reject-file', 'rejects.csv', '--connections', '1']);
    const inTransaction = () =>
      at.db.run(
        (sql) => sql`
          SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'event-importer' AND state = 'idle in transaction'`,
      );
    await eventually('a chunk waits for its rejects', 20_000, inTransaction, (found) => found.length === 1);
    await at.killAndWait(child);
    expect((await at.stored()).rows).toBe(0);
    await rm(join(at.cwd, 'rejects.csv'));
    const ended = await at.run(['import', path, '--reject-file', 'rejects.csv']);
    expect(summaryOf(ended)).toMatchObject({ inserted: 200, rejected: 200 });
    expect(await at.readRejects('rejects.csv')).toHaveLength(200);
  });

  it('is left to the process that is at it, and goes on once that is done', async () => {
    const { text, good, bad } = mixedCsv(4_000, 17);
    const path = await at.file('events.csv', text);
    const release = await at.holdChunksFrom(text.length / 4);
    const first = at.start(['import', path, ...CHUNK, '--connections', '1']);
    await at.waitForLocks(1);
    for (const args of [[path], ['resume', '1']]) {
      const second = await at.run(['import', ...args, ...CHUNK]);
      expect(second.exitCode).toBe(1);
      expect(second.stderr).toContain('another process is at import 1: wait for it, or stop it first');
    }
    await release();
    expect((await first.end).exitCode).toBe(3);
    await at.expectStored(good);
    expect(await at.readRejects('events.csv.rejects.csv')).toEqual(bad);
    const third = await at.run(['import', path, ...CHUNK]);
    expect(third.stderr).toContain('imported already, as import 1');
  });

  describe('whose file was changed meanwhile', () => {
    const text = HEADER + rows(0, 2_000);
    /** Other rows from 1,500 on, and the same length. */
    const changed = HEADER + rows(0, 1_500) + rows(3_500, 4_000);
    const appended = text + rows(2_000, 2_300);
    const absolute = (name: string) => join(at.cwd, name);

    it.each([
      ['changed', changed],
      ['appended to', appended],
    ])('is not resumed with one that was %s; and is with the old one', async (_, other) => {
      const path = await at.file('events.csv', text);
      await at.killedAt(text.length / 2, [path, ...CHUNK]);
      const { events } = await at.stored();
      const before = await at.status(1);

      await at.file('events.csv', other);
      const refused = await at.run(['import', 'resume', '1', ...CHUNK]);
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toContain(
        `import 1 cannot go on: ${absolute(path)} is no longer the file that it began with (SHA-256 ${before.sha256})`,
      );
      expect(summaryOf(refused)).toMatchObject({
        inserted: 0,
        error: expect.stringContaining('cannot go on'),
      });
      await at.expectStored(events);
      expect(await at.status(1)).toMatchObject({ rows: events, chunks: before.chunks });

      await at.file('events.csv', text);
      const ended = await at.run(['import', 'resume', '1', ...CHUNK]);
      expect(ended.exitCode).toBe(0);
      expect(summaryOf(ended)).toMatchObject({
        rows: 2_000,
        stored_before: events,
        inserted: 2_000 - events,
        duplicates: 0,
      });
      await at.expectStored(2_000);
    });

    it.each([
      ['changed before what is stored ends', HEADER + rows(3_500, 3_600) + rows(100, 2_000), 2_000, 100],
      ['changed behind it', changed, 2_000, 0],
      ['appended to', appended, 2_300, 0],
    ])(
      'is another import of one that was %s; undoing the old leaves the new',
      async (_, other, count, gone) => {
        const path = await at.file('events.csv', text);
        await at.killedAt(text.length / 2, [path, ...CHUNK]);
        const { events } = await at.stored();
        await at.file('events.csv', other);
        const ended = await at.run(['import', path, ...CHUNK]);
        expect(ended.exitCode).toBe(0);
        expect(summaryOf(ended)).toMatchObject({
          rows: count,
          stored_before: 0,
          inserted: count - events + gone,
          duplicates: events - gone,
          files: [{ import_id: 2 }],
        });
        await at.expectStored(count + gone);

        const undone = await at.run(['import', 'undo', '1']);
        expect(undone.exitCode).toBe(0);
        expect(JSON.parse(undone.stdout)).toMatchObject({ id: 1, removed: gone, kept: events - gone });
        const left = await at.db.run((sql) => sql`SELECT FROM events WHERE import_id IS DISTINCT FROM 2`);
        expect([(await at.stored()).events, left.length]).toEqual([count, 0]);
      },
    );

    it('is not resumed with another stream: what is stored stays, and the right one ends it', async () => {
      await at.killedAt(text.length / 2, ['-', ...CHUNK], text);
      const { events } = await at.stored();
      const resume = (stdin: string) => at.run(['import', 'resume', '1', '-', ...CHUNK], { stdin });
      const refused = await resume(text.replace(row(500), row(4_500).replaceAll('4500', '0500')));
      expect(refused.exitCode).toBe(1);
      expect(refused.stderr).toMatch(/standard input: the input changed: bytes \d+ to \d+ are not those/);
      await at.expectStored(events);
      const cut = await resume(text.slice(0, text.length / 4));
      expect(cut.exitCode).toBe(1);
      expect(cut.stderr).toContain('standard input: the input changed');
      await at.expectStored(events);
      expect(summaryOf(await resume(text))).toMatchObject({
        rows: 2_000,
        stored_before: events,
        inserted: 2_000 - events,
        duplicates: 0,
        files: [{ import_id: 1 }],
      });
      await at.expectStored(2_000);
    });
  });
});
