import { join } from 'node:path';
import type { Database } from '@event-analytics/timescale';

import { HEADER, idOf, rows } from './events-csv.js';
import { createImporterWorld, expectLedger, type ImporterWorld } from './importer-world.js';
import { runImporter } from './run-importer.js';

/** Texts that some reader of CSV, of COPY, of JSON or of a spreadsheet takes for something else. */
const NAMES = [
  ...['=1+1', '+1', '-1', '@SUM(A1)', "'=1", "'", "''", '=HYPERLINK("https://x.example","a")'],
  ...['"', '""', '"a"', ',', 'a,b', ';', '\\', '\\N', '\\.', '\\n', '\\"', 'ends with \\', '\\u0000'],
  ...[' ', ' in front', 'behind ', '\u00a0', '\u2028', '\u2029', '\ufeff', '\ufeffada', '\u200b', '#', '//'],
  ...['null', 'NULL', 'nan', 'true', '{}', '[]', 'user_id', 'event_id', 'header', '0', '1e5', '${x}', '%s'],
  ...['zoë', 'zoe\u0308', '名前', '🐈', '👩‍👩‍👧', '\u{10ffff}', 'x'.repeat(128), '🎈'.repeat(128)],
];

const TEXTS = [
  ...NAMES,
  ...['', '\n', '\r\n', '\r', 'a\nb', '\n"\n', '\t', '\ta', '\u0001', '\u001f', '\u007f', '\u0085', '\b\f\v'],
  ...['"'.repeat(8_000), '\\'.repeat(8_000), '\n'.repeat(8_000), '\u0001'.repeat(5_000), '🎈'.repeat(8_000)],
];

const NUMBERS = [
  ...[0, -0, 0.1, -1.5, 1e-7, 1.1e-300, 5e-324, 123_456_789.123_456_78],
  ...[2 ** 53, 2 ** 53 + 2, -(2 ** 53), 2 ** 60, 2 ** 63, 2 ** 64, 1e21, 1e22, 1.5e300, -Number.MAX_VALUE],
];

/** As deep as properties may be. */
const deep = (): unknown => {
  let value: unknown = 'bottom';
  for (let level = 1; level < 32; level += 1) value = level % 2 === 0 ? { a: value } : [value];
  return value;
};

const PROPERTIES: string[] = [
  '{}',
  ...TEXTS.map((text) => JSON.stringify({ text })),
  ...NAMES.map((name) => JSON.stringify({ [name]: name })),
  ...NUMBERS.map((number) => JSON.stringify({ number, list: [number] })),
  // PostgreSQL writes all digits of each: a row of nearly 1 MB.
  JSON.stringify({ list: Array.from({ length: 3_000 }, () => 1e300) }),
  JSON.stringify({ '': '', deep: deep() }),
  JSON.stringify({ list: [null, true, false, [], {}, [[]], [{}], ''], empty: {} }),
  JSON.stringify({ n: '9007199254740993', zeros: '1.000' }),
  '{"__proto__":{"a":1},"constructor":{"prototype":1},"toString":1}',
  '{"spaced" : [ 1 , 2 ] , "exponent":1.0E+2,"zeros":1.500}',
];

const TIMES = [
  '1990-01-01T00:00:00Z',
  '2000-02-29T23:59:59.999Z',
  '2024-03-31T01:30:00+01:00',
  '2024-03-10T02:30:00.001-05:00',
  '2024-12-31T23:59:59.9999999Z',
];

/** NDJSON of one event for each of these; the texts are what stands there, so that no number was read before. */
function hostileLines(): string[] {
  const line = (n: number, o: { user?: string; type?: string; at?: string; properties?: string }): string =>
    `{"event_id":"${idOf(1_000_000 + n)}","user_id":${JSON.stringify(o.user ?? 'ada')},` +
    `"event_type":${JSON.stringify(o.type ?? 'view')},"occurred_at":"${o.at ?? '2024-03-04T10:00:00Z'}",` +
    `"properties":${o.properties ?? '{}'}}`;
  return [
    ...NAMES.map((user) => ({ user })),
    ...NAMES.map((type) => ({ type })),
    ...NAMES.map((name) => ({ user: name, type: name, properties: JSON.stringify({ name }) })),
    ...PROPERTIES.map((properties) => ({ properties })),
    ...TIMES.map((at) => ({ at })),
  ].map((one, n) => line(n, one));
}

const PLAIN_ROWS = 3_000;

describe('import(export(x))', () => {
  let a: ImporterWorld;
  let count: number;
  beforeAll(async () => {
    a = await createImporterWorld();
    const hostile = hostileLines();
    await a.file('hostile.ndjson', hostile.map((line) => `${line}\n`).join(''));
    await a.file('plain.csv', HEADER + rows(0, PLAIN_ROWS));
    count = hostile.length + PLAIN_ROWS;
    const { stderr, summary } = await a.run(['hostile.ndjson', 'plain.csv']);
    expect(stderr).not.toMatch(/hostile.ndjson:\d+:/);
    expect(summary).toMatchObject({ inserted: count, rejected: 0 });
  });
  afterAll(() => a.close());

  let b: ImporterWorld;
  beforeEach(async () => {
    b = await createImporterWorld();
  });
  afterEach(() => b.close());

  it.each(['x.csv', 'x.csv.gz', 'x.ndjson', 'x.ndjson.gz', 'x.parquet'])(
    'is x by way of %s, and adds nothing to where it came from',
    async (name) => {
      const exported = await runImporter(['export', '--output', name], { cwd: a.cwd, databaseUrl: a.url });
      expect(exported).toMatchObject({ exitCode: 0 });
      expect(JSON.parse(exported.stdout)).toMatchObject({ events: count, error: null });

      // Small chunks, so that what is written is cut in many places.
      const path = join(a.cwd, name);
      const intoB = await b.run([path, '--chunk-bytes', '65536']);
      expect(intoB.exitCode === 0 ? '' : intoB.stderr).toBe('');
      expect(intoB.summary).toMatchObject({ rows: count, inserted: count, duplicates: 0, rejected: 0 });
      expect(await tableOf(b.db)).toEqual(await tableOf(a.db));
      await expectLedger(b.db, count);

      const intoA = await a.run([path]);
      expect(intoA.exitCode).toBe(0);
      expect(intoA.summary).toMatchObject({ rows: count, inserted: 0, duplicates: count, rejected: 0 });
      await expectLedger(a.db, count);
    },
  );
});

/** Every column but when it was received, as PostgreSQL writes it. */
async function tableOf(db: Database): Promise<Map<string, string[]>> {
  const table = await db.run(
    (sql) => sql<{ id: string; cells: string[] }[]>`
      SELECT event_id::text AS id, ARRAY[user_id, event_type, occurred_at::text, properties::text] AS cells
      FROM events ORDER BY event_id`,
  );
  return new Map(table.map(({ id, cells }) => [id, cells]));
}
