import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DEFAULT_LIMITS, type AcceptedEvent } from '@event-analytics/event-schema';
import type { WritableEvent } from '@event-analytics/timescale';
import fc from 'fast-check';

import { PARQUET } from '../../test/settings.js';
import type { RejectedRow } from '../load/rejected-row.js';
import { openDuckDb } from '../parquet/open-duckdb.js';
import { openParquetWriter } from '../parquet/write-parquet.js';
import type { Chunk } from './chunk.js';
import { readParquetChunks } from './parquet.js';
import type { DoneChunk, ReadChunksOptions } from './read-chunks.js';
import type { ReadSettings } from './read-settings.js';

const UUID = '018f4e5a-9c1b-7c3d-8e2f-0123456789ab';
const COLUMNS = `'${UUID}'::UUID AS event_id, 'ada' AS user_id, 'view' AS event_type, TIMESTAMPTZ '2024-03-04 10:00:00.123456+00' AS occurred_at`;

describe('Parquet as input', () => {
  let directory: string;
  let path: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "parquet's-"));
    path = join(directory, 'events.parquet');
  });
  afterAll(() => rm(directory, { recursive: true }));

  async function writeQuery(query: string): Promise<void> {
    const { connection, close } = await openDuckDb();
    await connection.run(
      `COPY (${query}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, ROW_GROUP_SIZE 2048)`,
    );
    close();
  }

  async function chunksOf(
    settings: Partial<ReadSettings> = {},
    o: Partial<ReadChunksOptions> = {},
  ): Promise<Chunk[]> {
    const reading = await readParquetChunks(
      path,
      { ...PARQUET, ...settings },
      {
        stdin: Readable.from([]),
        limits: DEFAULT_LIMITS,
        clock: () => Date.UTC(2025, 0, 1),
        signal: new AbortController().signal,
        chunkBytes: 1e6,
        maxRowBytes: 1e6,
        done: new Map<number, DoneChunk>(),
        ...o,
      },
    );
    const chunks: Chunk[] = [];
    for await (const chunk of reading.chunks) chunks.push(chunk);
    expect(reading.bytesRead()).toBe(reading.sizeBytes);
    reading.close();
    return chunks;
  }

  async function read(
    settings: Partial<ReadSettings> = {},
  ): Promise<{ events: unknown[]; rejected: RejectedRow[] }> {
    const judged = await Promise.all((await chunksOf(settings)).map((chunk) => chunk.judge()));
    return {
      events: judged.flatMap(({ events }) => events.map(fieldsOf)),
      rejected: judged.flatMap(({ rejected }) => rejected),
    };
  }

  it('reads again what export writes, whatever stands in it', async () => {
    const name = fc
      .oneof(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
        fc.string({
          unit: fc.constantFrom('"', ',', "'", '=', '+', '@', '\\', ' ', '🐈', '\u2028'),
          minLength: 1,
          maxLength: 9,
        }),
      )
      .filter((text) => !/\p{Cc}/u.test(text));
    const event = fc.record({
      event_id: fc.uuid(),
      user_id: name,
      event_type: name,
      occurred_at: fc
        .date({ min: new Date('1990-01-01'), max: new Date('2024-12-31'), noInvalidDate: true })
        .map((date) => date.toISOString()),
      properties: fc.dictionary(
        fc.string({ unit: 'grapheme' }),
        fc.oneof(
          fc.string({ unit: 'grapheme' }),
          fc.constantFrom('a\nb', '"', '\\', '\t'),
          fc.integer(),
          fc.boolean(),
          fc.constant(null),
          fc.constant({ a: [1.5, 'x'] }),
        ),
        { noNullPrototype: true },
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 1, maxLength: 30 }), async (events) => {
        const rows = join(directory, 'rows');
        await writeFile(rows, events.map(rowOf).join(''));
        const writer = await openParquetWriter();
        await writer.write(rows, path, { signal: new AbortController().signal });
        writer.close();
        const result = await read();
        expect(result.rejected).toEqual([]);
        expect(result.events).toEqual(events);
      }),
      { numRuns: 25 },
    );
  }, 60_000);

  it('makes of every type what JSON has for it', async () => {
    await writeQuery(`SELECT ${COLUMNS}, {'a': [1, NULL], 'b': {'c': 'x"y'}} AS struct, MAP {'k': 1.5} AS map, 7::BIGINT AS n,
      0.1::FLOAT AS f, 'nan'::DOUBLE AS missing, NULL::VARCHAR AS absent, 1.10::DECIMAL(5, 2) AS price, TRUE AS yes,
      TIMESTAMP '2024-01-01 00:00:00' AS at, [TIMESTAMP '2024-01-01 00:00:00', NULL] AS times,
      [1.50::DECIMAL(5, 2), NULL] AS prices, DATE '2024-01-02' AS day, '{"x": 12.50}'::JSON AS json, 'it''s' AS "o'dd ""key"""`);
    const { events } = await read({ extraColumns: 'properties' });
    expect(events).toEqual([
      {
        event_id: UUID,
        user_id: 'ada',
        event_type: 'view',
        occurred_at: '2024-03-04T10:00:00.123Z',
        properties: {
          struct: { a: [1, null], b: { c: 'x"y' } },
          map: { k: 1.5 },
          n: 7,
          f: 0.1,
          price: 1.1,
          yes: true,
          at: '2024-01-01T00:00:00.000Z',
          times: ['2024-01-01 00:00:00', null],
          prices: [1.5, null],
          day: '2024-01-02',
          json: { x: 12.5 },
          'o\'dd "key"': "it's",
        },
      },
    ]);
  });

  it('takes timestamps without a zone as UTC, or as of the zone', async () => {
    await writeQuery(
      `SELECT * REPLACE (TIMESTAMP '2024-03-04 10:00:00' AS occurred_at) FROM (SELECT ${COLUMNS})`,
    );
    expect((await read()).events).toMatchObject([{ occurred_at: '2024-03-04T10:00:00.000Z' }]);
    expect((await read({ timezone: 'Europe/Berlin' })).events).toMatchObject([
      { occurred_at: '2024-03-04T09:00:00.000Z' },
    ]);
  });

  it('maps columns, and what is inside of structs, as other formats do', async () => {
    await writeQuery(
      `SELECT '${UUID}' AS id, {'id': 'ada'} AS "user", 1709546400 AS ts, '{"a": 1}' AS props`,
    );
    const columns = { event_id: 'id', user_id: 'user.id', occurred_at: 'ts', properties: 'props' };
    const settings = { columns, timestamps: 'epoch-seconds', defaultEventType: 'view' } as const;
    expect(await read(settings)).toEqual({
      events: [
        {
          event_id: UUID,
          user_id: 'ada',
          event_type: 'view',
          occurred_at: '2024-03-04T10:00:00.000Z',
          properties: { a: 1 },
        },
      ],
      rejected: [],
    });
  });

  it('reads the Parquet of PostHog, in which objects are texts', async () => {
    await writeQuery(`SELECT '${UUID}' AS uuid, 'view' AS event, 'ada' AS distinct_id, '{"$browser":"Firefox"}' AS properties,
      TIMESTAMPTZ '2024-03-04 10:00:00.5+00' AS timestamp, '{}' AS person_properties, 2 AS team_id`);
    expect((await read({ preset: 'posthog' })).events).toEqual([
      {
        event_id: UUID,
        user_id: 'ada',
        event_type: 'view',
        occurred_at: '2024-03-04T10:00:00.500Z',
        properties: { $browser: 'Firefox' },
      },
    ]);
  });

  it('rejects a row alone, as the line of JSON that says it', async () => {
    await writeQuery(
      `SELECT ${COLUMNS}, CASE n WHEN 1 THEN '{"n": 9007199254740993}' ELSE '{}' END AS properties FROM range(3) AS r (n)`,
    );
    const { events, rejected } = await read();
    expect(events).toHaveLength(2);
    expect(rejected).toMatchObject([{ line: 2, code: 'number_precision' }]);
    expect(JSON.parse(Buffer.from(rejected[0]?.bytes ?? []).toString())).toEqual({
      event_id: UUID,
      user_id: 'ada',
      event_type: 'view',
      occurred_at: '2024-03-04T10:00:00.123456Z',
      properties: '{"n": 9007199254740993}',
    });
  });

  it('cuts the same chunks again, leaves out what is done, and knows a changed file', async () => {
    const rows = `SELECT ${COLUMNS}, n AS properties FROM (SELECT {'n': range} AS n FROM range(25000))`;
    await writeQuery(rows);
    const all = await chunksOf();
    expect(all.map(({ start, end, firstLine, lines }) => [start, end, firstLine, lines])).toEqual([
      [0, all[0]?.end, 1, all[0]?.end],
      ...all.slice(1).map(({ start, end }) => [start, end, start + 1, end - start]),
    ]);
    expect(all.length).toBeGreaterThan(2);
    expect(all.at(-1)?.end).toBe(25_000);
    expect(await chunksOf()).toEqual(
      all.map((chunk) => ({ ...chunk, judge: expect.any(Function) as unknown })),
    );

    // Done with other sizes, and not in order.
    const [, second] = all;
    if (second === undefined) throw new Error('there is no second chunk');
    const done = new Map([[second.start, second]]);
    const rest = await chunksOf({}, { done, chunkBytes: 300_000 });
    const covered = [...rest, second].sort((a, b) => a.start - b.start);
    expect(covered[0]?.start).toBe(0);
    covered.slice(1).forEach(({ start }, i) => expect(start).toBe(covered[i]?.end));
    expect(covered.at(-1)?.end).toBe(25_000);
    const judged = await rest[0]?.judge();
    expect(judged?.rowOf(3).line).toBe(4);

    await writeQuery(rows.replaceAll("'ada'", "'eve'"));
    await expect(chunksOf({}, { done })).rejects.toThrow(
      `the input changed: rows ${second.start} to ${second.end} are not those that were imported`,
    );
  });

  it('names what is wrong with a file', async () => {
    const other = join(directory, 'other');
    await writeFile(other, 'event_id\n');
    const readOther = (at: string): Promise<unknown> =>
      readParquetChunks(at, PARQUET, {
        stdin: Readable.from([]),
        limits: DEFAULT_LIMITS,
        clock: Date.now,
        signal: new AbortController().signal,
        chunkBytes: 1e6,
        maxRowBytes: 1e6,
        done: new Map<number, DoneChunk>(),
      });
    await expect(readOther(other)).rejects.toThrow(/^cannot be read as Parquet \(.*too small.*\)$/);
    await expect(readOther(join(directory, 'absent'))).rejects.toThrow('no such file');
    await expect(readOther('-')).rejects.toThrow('cannot be read from standard input');
  });
});

/** As the database writes rows for it. */
function rowOf({ event_id, occurred_at, user_id, event_type, properties }: AcceptedEvent): string {
  const quoted = [user_id, event_type, JSON.stringify(properties)].map(
    (text) => `"${text.replaceAll('"', '""')}"`,
  );
  return `${[event_id, occurred_at, ...quoted].join(',')}\n`;
}

function fieldsOf(event: WritableEvent): unknown {
  const { event_id, user_id, event_type, occurred_at } = event;
  const properties: unknown = 'properties' in event ? event.properties : JSON.parse(event.properties_json);
  return { event_id, user_id, event_type, occurred_at, properties };
}
