import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { childEnd, eventually, type ChildEnd } from '@event-analytics/testkit';
import { listImports, type Database } from '@event-analytics/timescale';

import { HEADER, idOf, row, rows } from './events-csv.js';
import {
  createImporterWorld,
  expectLedger,
  readRejects as readRejectsOf,
  type ImporterWorld,
  type Reject,
} from './importer-world.js';
import { runImporter, startImporter, summaryOf } from './run-importer.js';

const WAIT_MS = 20_000;

describe('event-importer import', () => {
  let world: ImporterWorld;
  let db: Database;
  let cwd: string;
  let url: string;

  beforeEach(async () => {
    world = await createImporterWorld();
    ({ db, cwd, url } = world);
  });
  afterEach(() => world.close());

  const run = (
    args: string[],
    o: { stdin?: string | Uint8Array; nodeOptions?: string[] } = {},
  ): Promise<ChildEnd> => runImporter(['import', ...args], { cwd, databaseUrl: url, ...o });
  const file = (name: string, content: string | Uint8Array) => world.file(name, content);
  const expectStored = (count: number) => expectLedger(db, count);
  const readRejects = (name: string): Promise<Reject[]> => readRejectsOf(join(cwd, name));

  async function storedRows(): Promise<number> {
    const [counted] = await db.run((sql) => sql<{ n: string }[]>`SELECT count(*) AS n FROM events`);
    return Number(counted?.n);
  }

  it('imports a clean file, and adds nothing the second time', async () => {
    const path = await file('clean.csv', HEADER + rows(0, 12_000));
    const first = await run([path]);
    expect(first.exitCode).toBe(0);
    expect(summaryOf(first)).toEqual({
      rows: 12_000,
      inserted: 12_000,
      duplicates: 0,
      rejected: 0,
      stored_before: 0,
      seconds: expect.any(Number),
      rows_per_second: expect.any(Number),
      dry_run: false,
      interrupted: false,
      error: null,
      reject_file: null,
      files: [
        {
          file: path,
          import_id: 1,
          rows: 12_000,
          inserted: 12_000,
          duplicates: 0,
          rejected: 0,
          stored_before: 0,
          reject_file: null,
        },
      ],
    });
    await expectStored(12_000);

    const second = await run([path]);
    expect(second.exitCode).toBe(0);
    expect(summaryOf(second)).toMatchObject({
      rows: 12_000,
      inserted: 0,
      duplicates: 0,
      rejected: 0,
      stored_before: 12_000,
      files: [{ import_id: 1 }],
    });
    expect(second.stderr).toContain('clean.csv: imported already, as import 1');
    const again = await run([path, '--again']);
    expect(summaryOf(again)).toMatchObject({ inserted: 0, duplicates: 12_000, files: [{ import_id: 2 }] });
    await expectStored(12_000);
    expect(await readdir(cwd)).toEqual([path]);
  });

  it('counts a row that stands twice once', async () => {
    const ended = await run(['-', '--chunk-bytes', '1024'], { stdin: HEADER + rows(0, 20) + rows(5, 15) });
    expect(summaryOf(ended)).toMatchObject({ rows: 30, inserted: 20, duplicates: 10 });
    await expectStored(20);
  });

  it('puts bad rows into the reject file as they were, and the good ones into the database', async () => {
    const bad = [
      row(1).replace(idOf(1), 'no-uuid'),
      row(3).replace('user-3', ''),
      row(5).replace('"{""n"":5}"', '"{}'),
      row(7).replace('page_view', '"page"_view'),
      row(9).replace(',page_view', ''),
      row(11).replace('"{""n"":11}"', '"{""n"":}"'),
    ];
    const text = HEADER + Array.from({ length: 12 }, (_, n) => (n % 2 === 0 ? row(n) : bad[n >> 1])).join('');
    const path = await file('mixed.csv', text);
    const ended = await run([path]);
    expect(ended.exitCode).toBe(3);
    expect(summaryOf(ended)).toMatchObject({
      rows: 12,
      inserted: 6,
      duplicates: 0,
      rejected: 6,
      reject_file: 'mixed.csv.rejects.csv',
    });
    await expectStored(6);
    const rejects = await readRejects('mixed.csv.rejects.csv');
    expect(rejects.map(({ line, code }) => [line, code])).toEqual([
      [3, 'invalid_uuid'],
      [5, 'too_short'],
      [7, 'unclosed_quote'],
      [9, 'invalid_csv'],
      [11, 'wrong_column_count'],
      [13, 'invalid_json'],
    ]);
    expect(rejects.map((reject) => `${reject.row}\n`)).toEqual(bad);
    expect(ended.stderr).toContain('mixed.csv:3: invalid_uuid: ');
  });

  it('rejects what lies before the watermark of dropped events, and names it', async () => {
    const marchEnds = 28 * 24 * 60;
    await db.run((sql) => sql`UPDATE event_storage SET retained_from = '2024-04-01T00:00:00Z'`);
    const path = await file('old.csv', HEADER + rows(marchEnds - 2, marchEnds + 3));
    const ended = await run([path]);
    expect(ended.exitCode).toBe(3);
    expect(summaryOf(ended)).toMatchObject({ rows: 5, inserted: 3, duplicates: 0, rejected: 2 });
    expect(ended.stderr).toContain('too_old: occurred_at is before 2024-04-01T00:00:00.000Z');
    const rejects = await readRejects('old.csv.rejects.csv');
    expect(rejects.map(({ line, code }) => [line, code])).toEqual([
      [2, 'too_old'],
      [3, 'too_old'],
    ]);
    await expectStored(3);
  });

  it('takes nothing that is older than raw events are kept', async () => {
    const path = await file('old.csv', HEADER + rows(0, 2));
    const ended = await runImporter(['import', path], {
      cwd,
      databaseUrl: url,
      env: { RETAIN_RAW_DAYS: '30' },
    });
    expect(summaryOf(ended)).toMatchObject({ rows: 2, inserted: 0, rejected: 2 });
    expect(ended.stderr).toContain('timestamp_too_old');
    await expectStored(0);
  });

  it('stores no chunk whose rejects cannot be written, and goes on when they can', async () => {
    const path = await file('mixed.csv', HEADER + rows(0, 5) + 'bad\n');
    const ended = await run([path, '--reject-file', 'absent/rejects.csv']);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('absent/rejects.csv cannot be written (ENOENT); see --reject-file');
    expect(summaryOf(ended)).toMatchObject({ rows: 0, inserted: 0, rejected: 0, reject_file: null });
    await expectStored(0);
    expect(summaryOf(await run([path]))).toMatchObject({
      rows: 6,
      inserted: 5,
      rejected: 1,
      files: [{ import_id: 1 }],
    });
    await expectStored(5);
  });

  it('takes the reject file itself once it is mended, and only what was mended is new', async () => {
    const path = await file('mixed.csv', HEADER + row(0) + row(1).replace('2024-03', '2024-13') + row(2));
    await run([path]);
    const rejects = await readFile(join(cwd, 'mixed.csv.rejects.csv'), 'utf8');
    const mended = await file('mended.csv', rejects.replaceAll('2024-13', '2024-03'));
    const ended = await run([path, mended]);
    expect(summaryOf(ended)).toMatchObject({ rows: 4, stored_before: 2, inserted: 1, rejected: 1 });
    expect(summaryOf(ended).files[1]).toMatchObject({ rows: 1, inserted: 1, rejected: 0 });
    await expectStored(3);
  });

  it('reads gzip by its content, from a file and from standard input', async () => {
    const zipped = gzipSync(HEADER + rows(0, 100));
    expect(summaryOf(await run([await file('events.csv.gz', zipped)]))).toMatchObject({ inserted: 100 });
    expect(summaryOf(await run(['-'], { stdin: zipped }))).toMatchObject({ inserted: 0, duplicates: 100 });
    const ended = await run(['-'], { stdin: HEADER + rows(100, 150) });
    expect(summaryOf(ended)).toMatchObject({ inserted: 50, files: [{ file: '-' }] });
    await expectStored(150);
  });

  it('says how far it came when gzip is cut short', async () => {
    const zipped = gzipSync(HEADER + rows(0, 20_000));
    const path = await file('cut.csv.gz', zipped.subarray(0, zipped.length >> 1));
    const ended = await run([path, '--chunk-bytes', '100000']);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('cut.csv.gz: is broken gzip');
    const { inserted, error } = summaryOf(ended);
    expect(error).toContain('is broken gzip');
    await expectStored(inserted);
  });

  it('takes a byte order mark, CRLF, columns in any order and newlines inside quotes', async () => {
    const properties = '"{""text"":\r\n""two\\nlines""}"';
    const text =
      '\uFEFFproperties_json,user_id,"event_id",event_type,occurred_at\r\n' +
      `${properties},"Zoë, ""Z""",${idOf(1)},view,2024-03-04T10:00:00+01:00\r\n` +
      `,Zoë,${idOf(2).toUpperCase()},view,2024-03-04T10:00:00.9999Z`;
    const ended = await run([await file('excel.csv', text)]);
    expect(summaryOf(ended)).toMatchObject({ rows: 2, inserted: 2, rejected: 0 });
    const stored = await db.run(
      (sql) =>
        sql`SELECT event_id, user_id, occurred_at::text AS at, properties FROM events ORDER BY event_id`,
    );
    expect([...stored]).toEqual([
      {
        event_id: idOf(1),
        user_id: 'Zoë, "Z"',
        at: '2024-03-04 09:00:00+00',
        properties: { text: 'two\nlines' },
      },
      { event_id: idOf(2), user_id: 'Zoë', at: '2024-03-04 10:00:00.999+00', properties: {} },
    ]);
  });

  it('goes on after a quote that is never closed', async () => {
    const unquoted = rows(10, 30).replaceAll(/"\{.*\}"/g, '');
    const text = `${HEADER}${rows(0, 10)}"${unquoted}`;
    const ended = await run([await file('quote.csv', text)]);
    expect(ended.exitCode).toBe(3);
    expect(summaryOf(ended)).toMatchObject({ rows: 30, inserted: 29, rejected: 1 });
    expect(await readRejects('quote.csv.rejects.csv')).toMatchObject([{ line: 12, code: 'unclosed_quote' }]);
  });

  it('survives garbage, and finds the good row in it', async () => {
    const garbage = Buffer.from(
      Array.from({ length: 300_000 }, (_, i) => (i * 7_919 + (i >> 8) * 31) & 0xff),
    );
    const bytes = Buffer.concat([Buffer.from(HEADER), garbage, Buffer.from(`\n${row(1)}`), garbage]);
    const ended = await run([await file('garbage.csv', bytes)]);
    expect(ended.exitCode).toBe(3);
    expect(summaryOf(ended)).toMatchObject({ inserted: 1 });

    const binary = await run([await file('picture.csv', garbage)]);
    expect(binary.exitCode).toBe(1);
    expect(binary.stderr).toContain('picture.csv: ');
    await expectStored(1);
  });

  it.each([
    ['event_id,occurred_at,user_id,event_type\n', 'missing: "properties_json"'],
    [HEADER.replace('user_id', 'user'), 'missing: "user_id"; unknown: "user"'],
    [HEADER.replace('event_id', 'event_id,event_id'), 'more than once: "event_id"'],
    ['', 'the input is empty'],
  ])('refuses the header %j and names what is wrong', async (header, fault) => {
    const ended = await run([await file('header.csv', header + (header && row(0)))]);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(fault);
    expect(summaryOf(ended)).toMatchObject({ rows: 0, error: expect.stringContaining(fault) });
    expect(existsSync(join(cwd, 'header.csv.rejects.csv'))).toBe(false);
    await expectStored(0);
    // Nothing that would be there to go on with.
    expect(summaryOf(ended).files).toMatchObject([{ import_id: null, duplicates: 0 }]);
    expect(await listImports(db)).toEqual([]);
  });

  it('stops at the first file that fails, and keeps what is in', async () => {
    const files = [
      await file('a.csv', HEADER + rows(0, 5)),
      'absent.csv',
      await file('c.csv', HEADER + rows(5, 9)),
    ];
    const ended = await run(files);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('absent.csv: no such file');
    expect(summaryOf(ended)).toMatchObject({
      inserted: 5,
      files: [{ file: 'a.csv' }, { file: 'absent.csv' }],
    });
    await expectStored(5);
  });

  it('writes nothing in a dry run, needs no database, and says what would be rejected', async () => {
    const path = await file('mixed.csv', HEADER + row(0) + row(0) + row(2).replace('user-2', ''));
    const ended = await runImporter(['import', path, '--dry-run'], {
      cwd,
      databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
    });
    expect(ended.exitCode).toBe(3);
    expect(summaryOf(ended)).toMatchObject({
      rows: 3,
      inserted: 0,
      duplicates: null,
      rejected: 1,
      dry_run: true,
      reject_file: null,
    });
    expect(ended.stderr).toContain('mixed.csv:4: too_short');
    expect(await readdir(cwd)).toEqual([path]);
    const named = await run([path, '--dry-run', '--reject-file', 'named.csv']);
    expect(summaryOf(named)).toMatchObject({ reject_file: 'named.csv' });
    expect(await readRejects('named.csv')).toHaveLength(1);
    await expectStored(0);
  });

  it('imports exactly the rows of the file after being killed in the middle and run again', async () => {
    const text = HEADER + rows(0, 10_000);
    const half = text.length >> 1;
    for (let round = 0; round < 3; round += 1) {
      const child = startImporter(['import', '-', '--chunk-bytes', '50000'], {
        cwd,
        databaseUrl: url,
      });
      const end = childEnd(child);
      child.stdin.write(text.slice(0, half + round * 20_000));
      const before = await storedRows();
      await eventually('a chunk is stored', WAIT_MS, storedRows, (n) => round > 0 || n > before);
      child.kill('SIGKILL');
      expect((await end).exitCode).toBeNull();
    }
    await expectStored(await storedRows());
    const before = await storedRows();
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThan(10_000);
    const ended = await run(['-', '--chunk-bytes', '50000'], { stdin: text });
    expect(summaryOf(ended)).toMatchObject({ rows: 10_000, inserted: 10_000 - before, duplicates: before });
    await expectStored(10_000);
  });

  it.each([
    ['SIGINT' as const, 130],
    ['SIGTERM' as const, 143],
  ])('finishes the batches in hand on %s, says what is in, and takes no half row', async (signal, code) => {
    const child = startImporter(['import', '-', '--chunk-bytes', '10000'], {
      cwd,
      databaseUrl: url,
    });
    const end = childEnd(child);
    child.stdin.write(HEADER + rows(0, 1_000) + row(1_000).slice(0, 40));
    await eventually('most of it is stored', WAIT_MS, storedRows, (n) => n >= 900);
    child.kill(signal);
    const ended = await end;
    expect(ended.exitCode).toBe(code);
    const summary = summaryOf(ended);
    expect(summary).toMatchObject({ interrupted: true, rejected: 0, error: null });
    expect(summary.inserted).toBeGreaterThanOrEqual(900);
    await expectStored(summary.inserted);
  });

  it('goes on when its connections are cut', async () => {
    const child = startImporter(['import', '-', '--chunk-bytes', '20000'], {
      cwd,
      databaseUrl: url,
    });
    const end = childEnd(child);
    child.stdin.write(HEADER);
    for (let from = 0; from < 6_000; from += 1_000) {
      child.stdin.write(rows(from, from + 1_000));
      await eventually('some of it is stored', WAIT_MS, storedRows, (n) => n > from);
      await db.run(
        (sql) => sql`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
          WHERE application_name = 'event-importer' AND datname = current_database()`,
      );
    }
    child.stdin.end();
    const ended = await end;
    expect(ended.exitCode).toBe(0);
    expect(summaryOf(ended)).toMatchObject({ rows: 6_000, rejected: 0 });
    await expectStored(6_000);
  });

  it('reads a file larger than its memory', async () => {
    const wide = rows(0, 40_000).replaceAll('page_view,"{', `page_view,"{""text"":""${'x'.repeat(800)}"",`);
    const path = await file('large.csv', HEADER + wide);
    const ended = await run([path, '--quiet', '--chunk-bytes', '50000'], {
      nodeOptions: ['--max-old-space-size=48'],
    });
    expect(ended.stderr).toBe('');
    expect(ended.exitCode).toBe(0);
    expect(summaryOf(ended)).toMatchObject({ inserted: 40_000 });
  });

  it('tells at once that the database is down, without a password', async () => {
    const path = await file('clean.csv', HEADER + row(0));
    const ended = await runImporter(['import', path], {
      cwd,
      databaseUrl: 'postgres://me:secret@127.0.0.1:1/none',
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain('PostgreSQL at 127.0.0.1:1/none cannot be reached (ECONNREFUSED)');
    expect(ended.stderr + ended.stdout).not.toContain('secret');
  });

  it('keeps standard output for the summary, also with messages as JSON', async () => {
    const path = await file('mixed.csv', HEADER + row(0) + 'bad\n');
    const ended = await run([path, '--json']);
    expect(ended.stdout.trim().split('\n')).toHaveLength(1);
    const lines: { event: string; service: string }[] = ended.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.event)).toEqual(['import_begun', 'row_rejected', 'import_finished']);
    expect(new Set(lines.map((line) => line.service))).toEqual(new Set(['importer']));
  });

  it.each([
    [['import'], {}, 'Not enough non-option arguments'],
    [['import', 'a.csv', '--colour'], {}, 'colour'],
    [['import', 'a.csv'], { DATABASE_URL: 'mysql://x' }, 'DATABASE_URL: must begin with postgres://'],
    [['import', 'a.csv'], { MIN_OCCURRED_AT: 'yesterday' }, 'MIN_OCCURRED_AT'],
  ])('exits with 2 for %j %j', async (args, env, message) => {
    const ended = await runImporter(args, { cwd, env });
    expect(ended.exitCode).toBe(2);
    expect(ended.stdout).toBe('');
    expect(ended.stderr).toContain(message);
  });

  it('documents its exit codes', async () => {
    const ended = await runImporter(['import', '--help'], { cwd });
    expect(ended.exitCode).toBe(0);
    for (const code of ['0', '1', '2', '3', '130'])
      expect(ended.stdout).toMatch(new RegExp(`^ +${code} `, 'm'));
  });
});
