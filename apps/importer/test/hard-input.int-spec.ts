import { createHash } from 'node:crypto';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { HEADER, idOf, row, rows } from './events-csv.js';
import { lastPageAt, notePeak, peakMib, writeParquet, writePieces } from './hard-input-files.js';
import {
  createImporterWorld,
  expectLedger,
  readRejects,
  storedEvents,
  type ImporterWorld,
  type Run,
} from './importer-world.js';

const MIB = 1_048_576;
const HEAP_MIB = 64;
/** Node itself, its code and buffers outside of the heap are in it too. */
const PEAK_MIB = 256;
const onLinux = process.platform === 'linux' ? it : it.skip;

const jsonRow = (n: number): string =>
  `{"event_id":"${idOf(n)}","user_id":"ada","event_type":"view","occurred_at":"2024-03-04T10:00:00Z"}\n`;

describe('input that is hard to read', () => {
  let world: ImporterWorld;
  beforeEach(async () => {
    world = await createImporterWorld();
  });
  afterEach(() => world.close());

  const inWorld = (name: string): string => join(world.cwd, name);
  const rejectsOf = (file: string) => readRejects(inWorld(`${file}.rejects.csv`));

  /** With a small heap; and it has never had much more memory than that. */
  async function runSmall(args: string[]): Promise<Run> {
    const peak = inWorld('peak');
    const ended = await world.run(args, {
      nodeOptions: [`--max-old-space-size=${HEAP_MIB}`, ...notePeak(peak)],
    });
    const mib = await peakMib(peak);
    expect(mib).toBeGreaterThan(30);
    expect(mib).toBeLessThan(PEAK_MIB);
    return ended;
  }

  describe('larger than memory (skipped where there is no /proc to measure it by)', () => {
    /** 20 KB without a quote: blanks around JSON are allowed, and not stored. */
    const quotelessRow = (n: number): string =>
      `${idOf(n)},2024-03-04T10:00:00Z,user-${n % 50},page_view,{${' '.repeat(20_000)}}\n`;
    const ROWS = 10_600;

    onLinux.each([
      ['near the beginning', 2, /not closed within 2097152 bytes/],
      ['at the end', ROWS - 1, /is never closed/],
    ])('a quote %s of 200 MB that is not closed costs its row only', async (_where, at, message) => {
      const path = inWorld('large.csv');
      const broken = quotelessRow(at).replace('user-', '"user-');
      await writePieces(
        path,
        (function* () {
          yield HEADER;
          for (let n = 0; n < ROWS; n += 1) yield n === at ? broken : quotelessRow(n);
        })(),
      );
      expect((await stat(path)).size).toBeGreaterThan(200 * MIB);
      const ended = await runSmall(['large.csv']);
      await rm(path);

      expect(ended.exitCode).toBe(3);
      expect(ended.summary).toMatchObject({ rows: ROWS, inserted: ROWS - 1, rejected: 1, error: null });
      expect(ended.stderr).toContain(`large.csv:${at + 2}: unclosed_quote`);
      const rejected = { line: at + 2, code: 'unclosed_quote', message: expect.stringMatching(message) };
      expect(await rejectsOf('large.csv')).toEqual([{ ...rejected, row: broken.trimEnd() }]);
      await expectLedger(world.db, ROWS - 1);

      const rejectFile = inWorld('large.csv.rejects.csv');
      await writeFile(rejectFile, (await readFile(rejectFile, 'utf8')).replace('""user-', 'user-'));
      const mended = await world.run(['large.csv.rejects.csv']);
      expect(mended.summary).toMatchObject({ rows: 1, inserted: 1, rejected: 0 });
      await expectLedger(world.db, ROWS);
    });

    onLinux.each([
      ['CSV', HEADER, row, ',user-1,page_view,', '\n'],
      ['quoted CSV', HEADER, row, ',"user-1', '",page_view,\n'],
      ['NDJSON', '', jsonRow, '{"user_id":"', '"}\n'],
    ])('a row of 100 MB of %s costs itself only', async (_format, header, rowOf, start, end) => {
      const path = inWorld('wide');
      const piece = 'x'.repeat(MIB);
      await writePieces(
        path,
        (function* () {
          yield header + rowOf(0);
          yield start;
          for (let mib = 0; mib < 100; mib += 1) yield piece;
          yield end + rowOf(2);
        })(),
      );
      const ended = await runSmall(['wide']);
      await rm(path);

      expect(ended.exitCode).toBe(3);
      expect(ended.summary).toMatchObject({ rows: 3, inserted: 2, rejected: 1, error: null });
      const line = header === '' ? 2 : 3;
      const message = 'a row may have 2097152 bytes; only that many are kept of this one';
      const cut = (start + piece + piece).slice(0, 2 * MIB);
      expect(await rejectsOf('wide')).toEqual([{ line, code: 'record_too_large', message, row: cut }]);
      expect((await storedEvents(world.db)).map(({ event_id }) => event_id)).toEqual([idOf(0), idOf(2)]);

      const mended = await world.file('mended', header + [0, 1, 2].map(rowOf).join(''));
      const second = await world.run([mended]);
      expect(second.summary).toMatchObject({ rows: 3, inserted: 1, duplicates: 2, rejected: 0 });
      await expectLedger(world.db, 3);
    });
  });

  it('tells rows of Latin-1 among those of UTF-8, and keeps their bytes to be mended', async () => {
    const named = (n: number): string => row(n).replace(/user-\d+/, `zoë-${n}`);
    const encodings = Array.from({ length: 40 }, (_, n): BufferEncoding => (n % 3 === 1 ? 'latin1' : 'utf8'));
    const text = Buffer.concat(encodings.map((encoding, n) => Buffer.from(named(n), encoding)));
    await world.file('mixed.csv', Buffer.concat([Buffer.from(HEADER), text]));
    const ended = await world.run(['mixed.csv', '--chunk-bytes', '1024']);
    expect(ended.exitCode).toBe(3);
    expect(ended.summary).toMatchObject({ rows: 40, inserted: 27, rejected: 13 });
    const rejects = await rejectsOf('mixed.csv');
    expect(rejects.toSorted((a, b) => a.line - b.line)).toEqual(
      encodings.flatMap((encoding, n) =>
        encoding === 'utf8'
          ? []
          : [
              {
                line: n + 2,
                code: 'invalid_utf8',
                message: 'the row is not valid UTF-8',
                row: named(n).trimEnd(),
              },
            ],
      ),
    );

    // iconv -f latin1 -t utf8
    const rejectFile = await readFile(inWorld('mixed.csv.rejects.csv'));
    const second = await world.run([await world.file('mended.csv', rejectFile.toString('latin1'))]);
    expect(second.summary).toMatchObject({ rows: 13, inserted: 13, rejected: 0 });
    const stored = await storedEvents(world.db);
    expect(stored.map(({ user_id }) => user_id)).toEqual(encodings.map((_, n) => `zoë-${n}`));
    await expectLedger(world.db, 40);
  });

  const utf16 = Buffer.from(`\ufeff${HEADER}${row(0)}`, 'utf16le');
  it.each<[string, Uint8Array, string]>([
    ['UTF-16', utf16, 'is UTF-16: save it as UTF-8'],
    ['UTF-16, big-endian', Buffer.from(utf16).swap16(), 'is UTF-16: save it as UTF-8'],
    ['UTF-16 without a mark', utf16.subarray(2), 'is UTF-16: save it as UTF-8'],
    ['garbage', garbage(300_000), 'no header: the input begins with what is no UTF-8 text'],
    ['nothing', Buffer.alloc(0), 'no header: the input is empty'],
    ['blank lines', Buffer.from('\n\r\n\n'), 'no header: the input is empty'],
    ['zeros', Buffer.alloc(10_000), 'no header: the input begins with what is no UTF-8 text'],
    [
      'another header',
      Buffer.from(HEADER.replace('user_id', 'user') + row(0)),
      'columns missing: "user_id"; unknown: "user" (expected, in any order: event_id,user_id,event_type,occurred_at,properties_json; see --map and --extra-columns)',
    ],
    [
      'a row for a header',
      Buffer.from(rows(0, 3)),
      'columns missing: "event_id", "user_id", "event_type", "occurred_at", "properties_json"; unknown: "0190',
    ],
    [
      'semicolons',
      Buffer.from((HEADER + row(0)).replaceAll(',', ';')),
      'they seem to be separated by ";": write them with commas',
    ],
    [
      'an array of JSON',
      Buffer.from(`[\n${jsonRow(0)}]`),
      "is a JSON array, not one object a line: make lines of it (jq -c '.[]' FILE)",
    ],
    ['gzip cut short', garbageAfter('1f8b0800'), 'is broken gzip (cut short, or damaged)'],
    ['Parquet cut short', garbageAfter('50415231'), 'cannot be read as Parquet ('],
  ])('%s is refused as a whole, and what is wrong is said', async (_what, content, message) => {
    const path = await world.file('input', content);
    const ended = await world.run([path]);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toContain('input: ');
    expect(ended.stderr).not.toMatch(/^ +at /m);
    expect(ended.summary).toMatchObject({ rows: 0, inserted: 0, error: expect.stringContaining(message) });
    await expectLedger(world.db, 0);

    await world.file('input', HEADER + rows(0, 3));
    const second = await world.run([path]);
    expect(second.exitCode).toBe(0);
    await expectLedger(world.db, 3);
  });

  it('a header with no row behind it is an input of no rows', async () => {
    const ended = await world.run([await world.file('input', HEADER)]);
    expect(ended.exitCode).toBe(0);
    expect(ended.summary).toMatchObject({
      rows: 0,
      inserted: 0,
      rejected: 0,
      error: null,
      reject_file: null,
    });
    await expectLedger(world.db, 0);
  });

  it('good rows around garbage are all taken, and of the garbage nothing', async () => {
    const middle = Buffer.concat([garbage(300_000), Buffer.from('\n')]);
    const text = Buffer.concat([Buffer.from(HEADER + rows(0, 10)), middle, Buffer.from(rows(10, 20))]);
    const ended = await world.run([await world.file('input', text), '--chunk-bytes', '4096']);
    expect(ended.exitCode).toBe(3);
    expect(ended.summary).toMatchObject({ inserted: 20, error: null });
    const rejects = await rejectsOf('input');
    expect(rejects).toHaveLength(ended.summary.rejected);
    expect(Math.min(...rejects.map(({ line }) => line))).toBe(12);
    expect(ended.stderr).toMatch(/^input:12: \w+: /m);
    await expectLedger(world.db, 20);
  });

  it('compressed input that ends too early is in as far as it goes; the whole brings the rest', async () => {
    const whole = gzipSync(HEADER + rows(0, 20_000));
    const path = await world.file('input.gz', whole.subarray(0, whole.length >> 1));
    const cut = await world.run([path, '--chunk-bytes', '65536']);
    expect(cut.exitCode).toBe(1);
    expect(cut.stderr).toContain('input.gz: is broken gzip (cut short, or damaged)');
    expect(cut.summary.rejected).toBe(0);
    const { inserted } = cut.summary;
    expect(inserted).toBeGreaterThan(5_000);
    expect(inserted).toBeLessThan(15_000);
    await expectLedger(world.db, inserted);

    await world.file('input.gz', whole);
    const second = await world.run([path]);
    expect(second.summary).toMatchObject({ inserted: 20_000 - inserted, duplicates: inserted });
    await expectLedger(world.db, 20_000);
  });

  it('damage near the end of Parquet is an error, not its end', async () => {
    await writeParquet(
      inWorld('input'),
      `SELECT ('${idOf(0).slice(0, 24)}' || lpad(i::VARCHAR, 12, '0'))::UUID AS event_id, 'ada' AS user_id,
        'view' AS event_type, TIMESTAMPTZ '2024-03-04 10:00:00+00' AS occurred_at,
        {'i': i} AS properties
      FROM range(120000) t(i)`,
      ', ROW_GROUP_SIZE 4000, COMPRESSION zstd',
    );
    const whole = await readFile(inWorld('input'));
    const damaged = Buffer.from(whole);
    // DuckDB reads ahead some ten thousand rows, and throws away what it has in hand when it meets damage.
    const at = await lastPageAt(inWorld('input'), 'event_id');
    damaged.fill(0x5a, at, at + 100);
    await world.file('input', damaged);
    const ended = await world.run(['input']);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toMatch(
      /^input: only \d+ of its 120000 rows can be read \(.*\): get or make the file anew, what was stored stays$/m,
    );
    expect(ended.summary.rejected).toBe(0);
    const { inserted } = ended.summary;
    expect(inserted).toBeGreaterThan(0);
    await expectLedger(world.db, inserted);

    await world.file('input', whole);
    const second = await world.run(['input']);
    expect(second.summary).toMatchObject({ inserted: 120_000 - inserted, duplicates: inserted, rejected: 0 });
    await expectLedger(world.db, 120_000);
  });

  it('a CR alone ends a row, and lines are counted by it', async () => {
    const text = (HEADER + rows(0, 2_000)).replaceAll('\n', '\r');
    const path = await world.file('input', text.replace(idOf(1_000), 'no-uuid'));
    const ended = await world.run([path, '--chunk-bytes', '4096']);
    expect(ended.summary).toMatchObject({ rows: 2_000, inserted: 1_999, rejected: 1 });
    expect(await rejectsOf('input')).toMatchObject([{ line: 1_002, code: 'invalid_uuid' }]);
    const second = await world.run([await world.file('input', text)]);
    expect(second.summary).toMatchObject({ rows: 2_000, inserted: 1, duplicates: 1_999, rejected: 0 });
    await expectLedger(world.db, 2_000);
  });

  it.each([
    ['csv', HEADER, row, 'properties_json'],
    ['ndjson', '', jsonRow, 'the line'],
  ])('NUL is refused wherever it stands in a row of %s', async (_format, header, rowOf, json) => {
    const inText = (n: number): string =>
      header === ''
        ? rowOf(n).replace('}', ',"properties":{"a":"\\u0000"}}')
        : rowOf(n).replace('""n"":', '""a"":""\\u0000"",""n"":');
    const raw = rowOf(3).replace(header === '' ? '"view"' : '"{', (found) => `${found}\0`);
    const text = header + rowOf(0) + inText(1) + rowOf(2) + raw + rowOf(4);
    const ended = await world.run([await world.file('input', text)]);
    expect(ended.exitCode).toBe(3);
    expect(ended.summary).toMatchObject({ rows: 5, inserted: 3, rejected: 2 });
    const first = header === '' ? 2 : 3;
    expect(await rejectsOf('input')).toEqual([
      {
        line: first,
        code: 'nul_character',
        message: expect.stringMatching(/^properties.a holds a NUL character .* remove it from/),
        row: inText(1).trimEnd(),
      },
      {
        line: first + 2,
        code: 'invalid_json',
        message: expect.stringMatching(
          new RegExp(`^${json} is not valid JSON: the error is at character \\d+`),
        ),
        row: raw.trimEnd(),
      },
    ]);
    const second = await world.run([await world.file('input', header + [0, 1, 2, 3, 4].map(rowOf).join(''))]);
    expect(second.summary).toMatchObject({ inserted: 2, duplicates: 3, rejected: 0 });
    await expectLedger(world.db, 5);
  });
});

/** The same bytes every time, in which everything occurs. */
function garbage(byteCount: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(byteCount / 32) }, (_, n) =>
    createHash('sha256').update(`block ${n}`).digest(),
  );
  return Buffer.concat(blocks, byteCount);
}

function garbageAfter(magic: string): Buffer {
  return Buffer.concat([Buffer.from(magic, 'hex'), garbage(1_000)]);
}
