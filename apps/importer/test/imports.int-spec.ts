import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';

import { HEADER, rows } from './events-csv.js';
import { openWorkspace, type Workspace } from './importer-workspace.js';
import { mixedCsv } from './mixed-csv.js';
import { type ChildEnd } from '@event-analytics/testkit';
import { summaryOf } from './run-importer.js';

const CHUNK = ['--chunk-bytes', '4096'];

describe('event-importer import list, status and resume', () => {
  let at: Workspace;
  beforeEach(async () => {
    at = await openWorkspace();
  });
  afterEach(async () => {
    await at.close();
  });

  const resume = (args: string[], stdin?: string): Promise<ChildEnd> =>
    at.run(['import', 'resume', ...args, ...CHUNK], { stdin: stdin ?? '' });

  /** One of each state: 1 finished, 2 undone, 3 interrupted, 4 running until `release`. */
  async function oneOfEach(): Promise<{ release: () => Promise<void>; running: Promise<ChildEnd> }> {
    const text = HEADER + rows(0, 1_000);
    await at.run(['import', await at.file('finished.csv', HEADER + rows(0, 20))]);
    await at.run(['import', await at.file('undone.csv', HEADER + rows(0, 30))]);
    await at.run(['import', 'undo', '2']);
    await at.killedAt(text.length / 2, [await at.file('interrupted.csv', text), ...CHUNK]);
    const more = await at.file('running.csv', HEADER + rows(1_000, 2_000));
    const release = await at.holdChunksFrom(text.length / 2);
    const child = at.start(['import', more, ...CHUNK]);
    await at.waitForLocks(2);
    return { release, running: child.end };
  }

  it('tells what is at work, what was interrupted, what is done and what was undone', async () => {
    const { release, running } = await oneOfEach();
    const list = await at.run(['import', 'list', '--json', '--quiet']);
    expect([list.exitCode, list.stderr]).toEqual([0, '']);
    const facts = list.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(facts.map(({ id, state }) => [id, state])).toEqual([
      [4, 'running'],
      [3, 'interrupted'],
      [2, 'undone'],
      [1, 'finished'],
    ]);
    for (const { seen_at: _, seconds: __, ...listed } of facts) {
      expect(await at.status(listed.id)).toMatchObject(listed);
    }
    expect(facts[3]).toMatchObject({
      source: join(at.cwd, 'finished.csv'),
      rows: 20,
      inserted: 20,
      duplicates: 0,
      rejected: 0,
      size_bytes: (HEADER + rows(0, 20)).length,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    for (const { id, rows: count, size_bytes: size, done_bytes: done } of facts.slice(0, 2)) {
      expect([id, count > 400 && count < 600, done > 0.4 * size && done < 0.6 * size]).toEqual([
        id,
        true,
        true,
      ]);
    }

    const table = await at.run(['import', 'list', '--limit', '3']);
    expect(table.stdout.trim().split('\n')).toEqual([
      expect.stringMatching(/^id +state +started +rows +inserted +duplicates +rejected +source$/),
      expect.stringMatching(/^4 +running +\S+ +\d+ +\d+ +0 +0 +\S+\/running\.csv$/),
      expect.stringMatching(/^3 +interrupted +\S+ +\d+ +\d+ +20 +0 +\S+\/interrupted\.csv$/),
      expect.stringMatching(/^2 +undone +\S+ +0 +0 +0 +0 +\S+\/undone\.csv$/),
    ]);
    expect(table.stderr).toBe('4 imports; the latest 3 are shown\n');

    await release();
    expect((await running).exitCode).toBe(0);
    expect(await at.status(4)).toMatchObject({ state: 'finished', rows: 1_000, inserted: 1_000 });
  });

  it('says in words what an import has done and what there is to do', async () => {
    const { release, running } = await oneOfEach();
    const words = async (id: number) => (await at.run(['import', 'status', `${id}`])).stderr;
    expect(await words(1)).toMatch(
      /^import 1 of \S+finished\.csv: finished\n20 rows in 1 chunks: 20 inserted, 0 duplicates, 0 rejected\nfinished at .*"event-importer import undo 1" takes it back\n$/,
    );
    expect(await words(2)).toContain('undone at ');
    expect(await words(3)).toContain('"event-importer import resume 3" goes on, "import undo 3" takes back');
    expect(await words(4)).toContain('its process was heard of at ');
    const json = await at.run(['import', 'status', '3', '--json']);
    const lines = json.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    expect(lines).toEqual(lines.map(() => expect.objectContaining({ event: 'import_status', id: 3 })));
    expect(JSON.parse(json.stdout)).toMatchObject({ id: 3, state: 'interrupted' });
    const quiet = await at.run(['import', 'status', '3', '--quiet']);
    expect([quiet.stderr, quiet.stdout]).toEqual(['', json.stdout]);
    await release();
    await running;
  });

  it('knows who is at it, however long a chunk takes', async () => {
    const text = HEADER + rows(0, 1_000);
    const path = await at.file('events.csv', text);
    await at.killedAt(text.length / 2, [path, ...CHUNK]);
    expect(await at.status(1)).toMatchObject({ state: 'interrupted' });
    const release = await at.holdChunksFrom(text.length / 2);
    const child = at.start(['import', 'resume', '1', ...CHUNK]);
    await at.waitForLocks(2);
    expect(await at.status(1)).toMatchObject({ state: 'running' });
    await at.db.run((sql) => sql`UPDATE imports SET seen_at = now() - interval '1 hour'`);
    expect(await at.status(1)).toMatchObject({ state: 'running' });
    await release();
    expect((await child.end).exitCode).toBe(0);
    expect(await at.status(1)).toMatchObject({ state: 'finished' });
  });

  it('goes on with a file that was moved, once it is told where it is', async () => {
    const { text, good, bad } = mixedCsv(2_000, 17);
    const path = await at.file('events.csv', text);
    await at.killedAt(text.length / 2, [path, ...CHUNK]);
    const { events } = await at.stored();
    await mkdir(join(at.cwd, 'moved'));
    await rename(join(at.cwd, path), join(at.cwd, 'moved/other.csv'));
    await rename(join(at.cwd, `${path}.rejects.csv`), join(at.cwd, 'moved/other.csv.rejects.csv'));

    const lost = await resume(['1']);
    expect(lost.exitCode).toBe(1);
    expect(lost.stderr).toContain(`import 1 cannot go on: ${join(at.cwd, path)} is not there`);
    await at.expectStored(events);
    const ended = await resume(['1', 'moved/other.csv']);
    expect(ended.exitCode).toBe(3);
    expect(summaryOf(ended)).toMatchObject({
      rows: 2_000,
      stored_before: events,
      inserted: good - events,
      duplicates: 0,
      rejected: bad.length,
      files: [{ file: 'moved/other.csv', import_id: 1 }],
    });
    await at.expectStored(good);
    expect(await at.readRejects('moved/other.csv.rejects.csv')).toEqual(bad);
  });

  it.each([[['1']], [['1', '-']]])('goes on with a stream: resume %j', async (args) => {
    const { text, good, bad } = mixedCsv(2_000, 17);
    await at.killedAt(text.length / 2, ['-', ...CHUNK], text);
    const { events } = await at.stored();
    const ended = await resume(args, text);
    expect(ended.exitCode).toBe(3);
    expect(summaryOf(ended)).toMatchObject({
      rows: 2_000,
      stored_before: events,
      inserted: good - events,
      duplicates: 0,
      rejected: bad.length,
      files: [{ file: '-', import_id: 1 }],
    });
    await at.expectStored(good);
    expect(await at.readRejects('rejects.csv')).toEqual(bad);
  });

  it('begins another import of a stream that comes again, as nobody knows that it is the same', async () => {
    const text = HEADER + rows(0, 1_000);
    await at.killedAt(text.length / 2, ['-', ...CHUNK], text);
    const { events } = await at.stored();
    expect(summaryOf(await at.run(['import', '-'], { stdin: text }))).toMatchObject({
      inserted: 1_000 - events,
      duplicates: events,
      files: [{ import_id: 2 }],
    });
    await at.expectStored(1_000);
  });

  it('has nothing to do for one that is finished, and says so', async () => {
    const { text, good, bad } = mixedCsv(100, 17);
    await at.run(['import', await at.file('events.csv', text)]);
    const ended = await resume(['1', '--json']);
    expect(ended.exitCode).toBe(3);
    const told = ended.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(told).toMatchObject([
      { event: 'already_imported', message: expect.stringContaining('imported already, as import 1'), id: 1 },
      { event: 'import_finished' },
    ]);
    expect(summaryOf(ended)).toMatchObject({
      rows: 100,
      stored_before: good,
      inserted: 0,
      rejected: bad.length,
      error: null,
    });
    await at.expectStored(good);
  });

  it('does not go on with what was undone, nor with what there is not', async () => {
    await at.run(['import', await at.file('events.csv', HEADER + rows(0, 100))]);
    await at.run(['import', 'undo', '1']);
    const undone = await resume(['1']);
    expect(undone.exitCode).toBe(1);
    expect(undone.stderr).toContain('cannot go on with import 1: it is undone');
    expect(summaryOf(undone)).toMatchObject({ inserted: 0, error: expect.stringContaining('it is undone') });
    await at.expectStored(0);

    for (const command of ['status', 'resume', 'undo']) {
      const unknown = await at.run(['import', command, '99', '--quiet']);
      expect([command, unknown.exitCode]).toEqual([command, 1]);
      expect(unknown.stderr).toContain('there is no import 99');
      for (const id of ['0', 'x', '1.5']) {
        const wrong = await at.run(['import', command, id]);
        expect([command, id, wrong.exitCode, wrong.stdout]).toEqual([command, id, 2, '']);
      }
    }
    expect(await at.run(['import', 'list', '--limit', '0'])).toMatchObject({ exitCode: 2 });
  });
});

describe('event-importer import --max-rejects', () => {
  let at: Workspace;
  beforeEach(async () => {
    at = await openWorkspace();
  });
  afterEach(async () => {
    await at.close();
  });

  const run = (...args: string[]): Promise<ChildEnd> => at.run(['import', ...args, ...CHUNK]);

  it.each([
    ['20', 'so many', '120'],
    ['2%', 'so large a share', '6%'],
  ])('%s: stops at %s, keeps what is in, and goes on when more are allowed', async (limit, _, higher) => {
    const { text, good, bad } = mixedCsv(3_000, 25);
    const path = await at.file('events.csv', text);
    const stopped = await run(path, '--max-rejects', limit);
    expect(stopped.exitCode).toBe(1);
    const first = summaryOf(stopped);
    expect(first.error).toMatch(
      /^events\.csv: \d+ of \d+ rows were rejected, more than --max-rejects allows; what was stored stays$/,
    );
    expect(stopped.stderr).toContain(first.error);
    expect(first.rejected).toBeGreaterThan(20);
    expect(first.rejected).toBeLessThan(bad.length / 2);
    expect(first.interrupted).toBe(false);
    expect(first.inserted).toBe(first.rows - first.rejected);
    await at.expectStored(first.inserted);
    expect(await at.readRejects('events.csv.rejects.csv')).toEqual(
      expect.arrayContaining(bad.slice(0, first.rejected)),
    );
    expect(await at.status(1)).toMatchObject({ state: 'interrupted', inserted: first.inserted });

    const again = await run(path, '--max-rejects', limit);
    expect(again.exitCode).toBe(1);
    expect(summaryOf(again).error).toContain('more than --max-rejects allows');

    const ended = await run('resume', '1', '--max-rejects', higher);
    expect(ended.exitCode).toBe(3);
    expect(summaryOf(ended)).toMatchObject({ rows: 3_000, duplicates: 0, rejected: bad.length, error: null });
    await at.expectStored(good);
    expect(await at.readRejects('events.csv.rejects.csv')).toEqual(bad);
    expect(await at.status(1)).toMatchObject({ state: 'finished' });
  });

  it.each([
    ['40', '39'],
    ['4%', '3.9%'],
  ])('allows exactly %s, and with %s has stored all before it can tell', async (enough, tooFew) => {
    const { text, good, bad } = mixedCsv(1_000, 25);
    const path = await at.file('events.csv', text);
    // One transaction: what is in it is stored before it is counted.
    const whole = ['--chunk-bytes', '1000000', '--max-rejects'];
    const stopped = await at.run(['import', path, ...whole, tooFew]);
    expect(stopped.exitCode).toBe(1);
    expect(summaryOf(stopped)).toMatchObject({
      rows: 1_000,
      inserted: good,
      rejected: bad.length,
      reject_file: 'events.csv.rejects.csv',
      error: expect.stringContaining('40 of 1000 rows were rejected, more than --max-rejects allows'),
    });
    await at.expectStored(good);
    const ended = await at.run(['import', path, ...whole, enough]);
    expect(ended.exitCode).toBe(3);
    expect(summaryOf(ended)).toMatchObject({ rows: 1_000, stored_before: good, inserted: 0, error: null });
    expect(await at.readRejects('events.csv.rejects.csv')).toEqual(bad);
    expect(await at.status(1)).toMatchObject({ state: 'finished' });
  });
});
