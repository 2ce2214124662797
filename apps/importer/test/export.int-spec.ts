import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { DEFAULT_LIMITS, type AcceptedEvent } from '@event-analytics/event-schema';
import { createTestDatabase, type TestDatabase } from '@event-analytics/testkit';
import {
  connectDatabase,
  exportEvents,
  migrate,
  writeEvents,
  type Database,
  type WritableEvent,
} from '@event-analytics/timescale';
import fc from 'fast-check';
import { parseString } from 'fast-csv';

import { runExport, type ExportDependencies } from '../src/commands/export-command.js';
import { describeError } from '../src/describe-error.js';
import { silentExport } from '../src/export/export-progress.js';
import type { ExportRequest } from '../src/export/export-options.js';
import { detectFormat } from '../src/read/detect-format.js';
import { readChunks, type DoneChunk } from '../src/read/read-chunks.js';
import { createMessages } from '../src/report/messages.js';
import { idOf } from './events-csv.js';
import { CSV } from './settings.js';

const NOW_MS = Date.UTC(2025, 0, 1);
const event = (n: number, fields: Partial<AcceptedEvent> = {}): AcceptedEvent => ({
  event_id: idOf(n),
  user_id: `user-${n}`,
  event_type: 'page_view',
  occurred_at: '2024-03-04T10:00:00.000Z',
  properties: { n },
  ...fields,
});
const events = (count: number, fields: Partial<AcceptedEvent> = {}): AcceptedEvent[] =>
  Array.from({ length: count }, (_, n) => event(n, fields));

describe('export', () => {
  let directory: string;
  let database: TestDatabase;
  let db: Database;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'export-'));
    database = await createTestDatabase();
    db = connectDatabase({ url: database.url, applicationName: 'test', maxConnections: 2 });
    await migrate(db);
  });
  afterAll(async () => {
    await db.end({ timeout: 1 });
    await database.drop();
    await rm(directory, { recursive: true });
  });
  beforeEach(() => db.run((sql) => sql.unsafe('TRUNCATE events')));

  let said: string[];
  beforeEach(() => {
    said = [];
  });
  const requestOf = (output: string, o: Partial<ExportRequest> = {}): ExportRequest => ({
    format: 'csv',
    output: output === '-' ? '-' : join(directory, output),
    gzip: false,
    selection: {},
    ...o,
  });
  const run = (request: ExportRequest, o: Partial<ExportDependencies> = {}): ReturnType<typeof runExport> =>
    runExport(request, {
      database: {
        check: () => Promise.resolve(),
        exportEvents: (what, read) => exportEvents(db, what, read),
        describe: (error) => describeError(error, database.url),
      },
      stdout: new PassThrough(),
      clock: Date.now,
      messages: createMessages({
        write: (line) => said.push(line),
        json: false,
        quiet: false,
        clock: Date.now,
      }),
      progress: silentExport,
      signal: new AbortController().signal,
      ...o,
    });

  async function readAgain(path: string): Promise<AcceptedEvent[]> {
    const format = await detectFormat(path, Readable.from([]), new AbortController().signal);
    const reading = await readChunks(
      path,
      { ...CSV, format },
      {
        stdin: Readable.from([]),
        limits: DEFAULT_LIMITS,
        clock: () => NOW_MS,
        signal: new AbortController().signal,
        chunkBytes: 500,
        maxRowBytes: 1_000_000,
        done: new Map<number, DoneChunk>(),
      },
    );
    const read: AcceptedEvent[] = [];
    for await (const chunk of reading.chunks) {
      const judged = await chunk.judge();
      expect(judged.rejected).toEqual([]);
      read.push(...judged.events.map(accepted));
    }
    reading.close();
    return read.sort(byKey);
  }

  it.each([
    ['a.csv', 'csv', false],
    ['a.csv.gz', 'csv', true],
    ['a.ndjson', 'ndjson', false],
    ['a.ndjson.gz', 'ndjson', true],
    ['a.parquet', 'parquet', false],
  ] as const)(
    '%s is read again as the events that were there, whatever they are',
    async (name, format, gzip) => {
      await fc.assert(
        fc.asyncProperty(anyEvents, async (written) => {
          await db.run((sql) => sql.unsafe('TRUNCATE events'));
          await writeEvents(db, written);
          const request = requestOf(name, { format, gzip });
          const { summary, exitCode } = await run(request);
          expect({ exitCode, events: summary?.events, error: summary?.error }).toEqual({
            exitCode: 0,
            events: written.length,
            error: null,
          });
          expect(await readAgain(request.output)).toEqual(written.toSorted(byKey));
        }),
        { numRuns: 15 },
      );
      expect((await readdir(directory)).filter((file) => file.startsWith(name))).toEqual([name]);
    },
  );

  it('says what it did in one summary', async () => {
    await writeEvents(db, events(30));
    const request = requestOf('b.ndjson', {
      format: 'ndjson',
      selection: { userIds: ['user-7', 'user-8', 'nobody'] },
    });
    const { summary, exitCode } = await run(request);
    expect(exitCode).toBe(0);
    expect(summary).toEqual({
      output: request.output,
      format: 'ndjson',
      events: 2,
      bytes: (await readFile(request.output)).length,
      seconds: expect.any(Number),
      events_per_second: expect.any(Number),
      interrupted: false,
      error: null,
    });
    expect(said).toEqual([expect.stringMatching(/^2 events in [\d.]+ s \([\d,]+\/s\)\n$/)]);
  });

  it('writes CSV that no spreadsheet computes with', async () => {
    const starts = ['=1+1', '+1', '-1', '@x', "'=1"];
    await writeEvents(
      db,
      starts.map((user_id, n) => event(n, { user_id, event_type: `${user_id} t` })),
    );
    const request = requestOf('c.csv');
    await run(request);
    const cells: string[] = [];
    const csv = await readFile(request.output, 'utf8');
    for await (const row of parseString<string[], string[]>(csv)) cells.push(...row);
    expect(cells).toHaveLength(6 * (1 + starts.length));
    expect(cells.filter((cell) => /^[=+\-@\t\r]/.test(cell))).toEqual([]);
  });

  it('writes to standard output, and then its summary is a message', async () => {
    await writeEvents(db, events(3));
    const stdout = new PassThrough();
    const output = text(stdout);
    const ended = await run(requestOf('-', { format: 'ndjson' }), { stdout });
    stdout.end();
    expect(ended).toEqual({ exitCode: 0 });
    expect((await output).split('\n')).toHaveLength(4);
    expect(said).toEqual([expect.stringMatching(/^3 events in /)]);
  });

  it('stops the server when standard output is closed, or it is interrupted', async () => {
    await writeEvents(db, events(5_000, { properties: { text: 'x'.repeat(3_000) } }));
    const stdout = new PassThrough();
    stdout.once('data', () => stdout.destroy(Object.assign(new Error('closed'), { code: 'EPIPE' })));
    expect(await run(requestOf('-'), { stdout })).toEqual({ exitCode: 1 });
    expect(said.pop()).toMatch('standard output was closed before everything was written');

    const interruption = new AbortController();
    const progress = { update: () => interruption.abort('SIGTERM'), stop: () => undefined };
    const interrupted = await run(requestOf('d.csv'), { signal: interruption.signal, progress });
    expect(interrupted).toMatchObject({
      exitCode: 143,
      summary: { events: 0, interrupted: true, error: null },
    });
    expect(said.pop()).toMatch(/^interrupted: .*d\.csv is as it was before/);

    expect((await readdir(directory)).filter((file) => file.startsWith('d.csv'))).toEqual([]);
    const [active] = await db.run(
      (sql) => sql<{ copies: number }[]>`
        SELECT count(*)::int AS copies FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND query LIKE 'COPY%'`,
    );
    expect(active?.copies).toBe(0);
  });

  it('leaves nothing behind when the database goes away, and says so', async () => {
    await writeEvents(db, events(5_000, { properties: { text: 'x'.repeat(3_000) } }));
    let isCut = false;
    const progress = {
      stop: () => undefined,
      update: () => {
        if (isCut) return;
        isCut = true;
        void db.run(
          (sql) => sql`
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND query LIKE 'COPY%'`,
        );
      },
    };
    const { summary, exitCode } = await run(requestOf('e.csv.gz', { gzip: true }), { progress });
    expect(exitCode).toBe(1);
    expect(summary?.error).toMatch(/^PostgreSQL at /);
    expect(summary?.events).toBe(0);
    expect((await readdir(directory)).filter((file) => file.startsWith('e.csv'))).toEqual([]);
  });
});

const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    fc.constantFrom(
      '=1+1',
      "'",
      "''x",
      '+',
      '-1',
      '@SUM(A1)',
      '"',
      ',',
      '\\.',
      '\\N',
      ' ',
      '🐈',
      'user_id',
      '\u2028',
    ),
  )
  .filter((text) => !/\p{Cc}/u.test(text));

const anyEvents = fc.uniqueArray(
  fc.record({
    event_id: fc.uuid(),
    user_id: name,
    event_type: name,
    occurred_at: fc
      .date({ min: new Date('2023-12-25'), max: new Date('2024-02-05'), noInvalidDate: true })
      .map((date) => date.toISOString()),
    properties: fc.dictionary(
      fc.string({ unit: 'grapheme' }).filter((key) => !key.includes('\0')),
      fc.oneof(
        fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
        fc.constantFrom<unknown>('a\r\nb', '"', '\\', '\t', '\u0001', '=1', null, true, 1e21, 5e-324, 0.1, {
          a: [1.5, ['x']],
        }),
        fc.integer(),
      ),
      { noNullPrototype: true, maxKeys: 6 },
    ),
  }),
  { minLength: 1, maxLength: 40, selector: ({ event_id }) => event_id },
);

function accepted(event: WritableEvent): AcceptedEvent {
  const { event_id, user_id, event_type, occurred_at } = event;
  const properties =
    'properties' in event ? event.properties : (JSON.parse(event.properties_json) as Record<string, unknown>);
  return { event_id, user_id, event_type, occurred_at, properties };
}

function byKey(a: AcceptedEvent, b: AcceptedEvent): number {
  return a.event_id < b.event_id ? -1 : 1;
}
