import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { DEFAULT_LIMITS } from '@event-analytics/event-schema';
import type { WritableEvent } from '@event-analytics/timescale';
import fc from 'fast-check';

import { CSV, NDJSON } from '../../test/settings.js';
import type { Chunk } from './chunk.js';
import { readChunks, type DoneChunk, type ReadChunksOptions } from './read-chunks.js';
import type { ReadSettings } from './read-settings.js';

const NOW = Date.parse('2024-03-05T00:00:00Z');
const HEADER = 'event_id,occurred_at,user_id,event_type,properties_json\n';

/** All but the chunk of a header, which holds no rows. */
interface ReadText {
  /** Each with its row. */
  events: { line: number; row: string; event: unknown }[];
  rejected: { line: number; code: string; row: string; message?: string }[];
  chunks: { start: number; end: number; firstLine: number; lines: number; digest: string }[];
}

const stdinOf = (bytes: Uint8Array, pieceBytes = 1_000): Readable =>
  Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    })(),
    { objectMode: false },
  );

/** What is stored of an event. */
const stored = (event: WritableEvent): unknown => {
  const { event_id, user_id, event_type, occurred_at } = event;
  const properties: unknown = 'properties' in event ? event.properties : JSON.parse(event.properties_json);
  return { event_id, user_id, event_type, occurred_at, properties };
};

async function readText(
  input: string | Uint8Array,
  settings: ReadSettings = CSV,
  o: Partial<ReadChunksOptions> & { path?: string; pieceBytes?: number } = {},
): Promise<ReadText> {
  const bytes = typeof input === 'string' ? Buffer.from(input) : input;
  const reading = await readChunks(o.path ?? '-', settings, {
    stdin: stdinOf(bytes, o.pieceBytes),
    limits: DEFAULT_LIMITS,
    clock: () => NOW,
    signal: new AbortController().signal,
    chunkBytes: 1_000,
    maxRowBytes: 100_000,
    done: new Map(),
    ...o,
  });
  const read: ReadText = { events: [], rejected: [], chunks: [] };
  for await (const chunk of reading.chunks) {
    const { start, end, firstLine, lines, digest } = chunk;
    if (reading.header !== undefined && start === 0) continue;
    read.chunks.push({ start, end, firstLine, lines, digest });
    const judged = await chunk.judge();
    judged.events.forEach((event, i) => {
      const { line, bytes: row } = judged.rowOf(i);
      read.events.push({ line, row: Buffer.from(row).toString('latin1'), event: stored(event) });
    });
    for (const { line, code, bytes: row, message } of judged.rejected) {
      read.rejected.push({ line, code, message, row: Buffer.from(row).toString('latin1') });
    }
  }
  reading.close();
  return read;
}

const verdicts = ({ events, rejected }: ReadText): unknown => ({ events, rejected });

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const goodRow = (n: number, more = ''): string =>
  `${id(n)},2024-03-04T10:00:00.000Z,u${n},view,"{""n"":${n},""s"":""x${more}""}"\n`;
const goodLine = (n: number): string =>
  `{"event_id":"${id(n)}","user_id":"u${n}","event_type":"view","occurred_at":"2024-03-04T10:00:00.000Z","properties":{"n":${n}}}\n`;

describe('readChunks', () => {
  it('cuts at row ends: chunks that join up to the whole text, with their lines and digests', async () => {
    const rows = Array.from({ length: 100 }, (_, i) => goodRow(i, i % 3 === 0 ? '\u00e9' : ''));
    const text = Buffer.from(HEADER + rows.join(''));
    const { chunks, events } = await readText(text);
    expect(events.map(({ line }) => line)).toEqual(rows.map((_, i) => i + 2));
    expect(events.map(({ row }) => Buffer.from(`${row}\n`, 'latin1').toString())).toEqual(rows);
    expect(chunks.length).toBeGreaterThan(5);
    let at = HEADER.length;
    let line = 2;
    for (const chunk of chunks) {
      const bytes = text.subarray(chunk.start, chunk.end);
      expect(chunk).toEqual({
        start: at,
        end: chunk.end,
        firstLine: line,
        lines: bytes.toString().split('\n').length - 1,
        digest: createHash('sha256').update(bytes).digest('hex'),
      });
      at = chunk.end;
      line += chunk.lines;
    }
    expect(at).toBe(text.length);
  });

  it.each([
    ['CSV', CSV, HEADER, goodRow],
    ['NDJSON', NDJSON, '', goodLine],
  ])('reads what is not done of %s, from a stream and from a file', async (name, settings, header, row) => {
    const directory = await mkdtemp(join(tmpdir(), 'read-chunks-'));
    try {
      const text = header + Array.from({ length: 60 }, (_, i) => row(i)).join('');
      const path = join(directory, 'input');
      const whole = await readText(text, settings);
      const done = new Map<number, DoneChunk>(
        whole.chunks.filter((_, i) => i < 3 || i === 5).map((chunk) => [chunk.start, chunk]),
      );
      const left = whole.chunks.filter(({ start }) => !done.has(start));
      const leftEvents = whole.events.filter(({ line }) =>
        left.some(({ firstLine, lines }) => line >= firstLine && line < firstLine + lines),
      );
      const bom = '\uFEFF';
      for (const bytes of [Buffer.from(text), Buffer.from(bom + text), gzipSync(text)]) {
        await writeFile(path, bytes);
        for (const from of ['-', path]) {
          const rest = await readText(bytes, settings, { path: from, done });
          expect(rest.chunks).toEqual(left);
          expect(rest.events).toEqual(leftEvents);
        }
      }
      // Cut otherwise now: what is done is not read again all the same.
      const other = await readText(text, settings, { chunkBytes: 1_700, done });
      expect(other.events).toEqual(leftEvents);
      const all = new Map<number, DoneChunk>(whole.chunks.map((chunk) => [chunk.start, chunk]));
      expect((await readText(text, settings, { done: all })).chunks).toEqual([]);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('refuses a stream that is not what was imported', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => goodRow(i));
    const { chunks } = await readText(HEADER + rows.join(''));
    const done = new Map<number, DoneChunk>(chunks.slice(0, 3).map((chunk) => [chunk.start, chunk]));
    const changed = [...rows.slice(0, 12), goodRow(99), ...rows.slice(13)].join('');
    const [, second] = chunks;
    await expect(readText(HEADER + changed, CSV, { done })).rejects.toThrow(
      `the input changed: bytes ${second?.start} to ${second?.end} are not those that were imported`,
    );
    await expect(readText(HEADER + rows.slice(0, 3).join(''), CSV, { done })).rejects.toThrow(
      'the input changed',
    );
  });

  it('has the header as a chunk without rows, and refuses a stream that has another', async () => {
    const [header] = await chunksOf(HEADER + goodRow(1), new Map());
    expect(header).toMatchObject({ start: 0, end: HEADER.length, firstLine: 1, lines: 1 });
    expect(await header?.judge()).toMatchObject({ events: [], rejected: [] });
    const done = new Map<number, DoneChunk>(header ? [[0, header]] : []);
    expect(await chunksOf(HEADER + goodRow(1), done)).toHaveLength(1);
    const otherEnding = HEADER.replace('\n', '\r\n');
    await expect(chunksOf(otherEnding + goodRow(1), done)).rejects.toThrow('the input changed: its header');
    const swapped = HEADER.replace('user_id,event_type', 'event_type,user_id');
    await expect(chunksOf(swapped + goodRow(1), done)).rejects.toThrow('the input changed: its header');

    async function chunksOf(text: string, done: ReadonlyMap<number, DoneChunk>): Promise<Chunk[]> {
      const { chunks } = await readChunks('-', CSV, {
        stdin: stdinOf(Buffer.from(text)),
        limits: DEFAULT_LIMITS,
        clock: () => NOW,
        signal: new AbortController().signal,
        chunkBytes: 1_000,
        maxRowBytes: 10_000,
        done,
      });
      const read: Chunk[] = [];
      for await (const chunk of chunks) read.push(chunk);
      return read;
    }
  });

  it('refuses a stream of which a row goes on over what was imported', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => goodRow(i));
    const { chunks } = await readText(HEADER + rows.join(''));
    const [first, second] = chunks;
    const done = new Map<number, DoneChunk>(second ? [[second.start, second]] : []);
    const longer = rows.join('').slice(0, (second?.start ?? 0) - HEADER.length - 10) + 'y'.repeat(100);
    expect(first?.end).toBe(second?.start);
    await expect(readText(`${HEADER}${longer}\n`, CSV, { done })).rejects.toThrow(
      `the input changed: a row goes on over byte ${second?.start}`,
    );
  });

  it.each([
    ['in a header', HEADER.slice(0, 20), new Map<number, DoneChunk>()],
    ['in a row', HEADER + goodRow(1, 'x'.repeat(2_000)).slice(0, -10), new Map<number, DoneChunk>()],
    [
      'in what is done',
      HEADER + goodRow(1, 'x'.repeat(2_000)),
      new Map([[HEADER.length, { end: 9_999, lines: 1, digest: '' }]]),
    ],
  ])('yields nothing that was not read to its end when it is stopped %s', async (_, text, done) => {
    const abort = new AbortController();
    const stdin = new Readable({ read: () => undefined });
    stdin.push(text);
    setTimeout(() => abort.abort(), 20);
    const reading = await readChunks('-', CSV, {
      stdin,
      limits: DEFAULT_LIMITS,
      clock: () => NOW,
      signal: abort.signal,
      chunkBytes: 1_000,
      maxRowBytes: 10_000,
      done,
    });
    const chunks: unknown[] = [];
    for await (const chunk of reading.chunks) if (chunk.end > HEADER.length) chunks.push(chunk);
    expect(chunks).toEqual([]);
  });

  it('keeps memory and verdicts in hand when a row is too large', async () => {
    const large = `${id(1)},2024-03-04T10:00:00Z,u,view,${'x'.repeat(50_000)}\r\n`;
    const text = HEADER + goodRow(0) + large + goodRow(2);
    for (const pieceBytes of [1_000, 999, 60_000]) {
      const read = await readText(text, CSV, { maxRowBytes: 500, pieceBytes });
      expect(read.events.map(({ line }) => line)).toEqual([2, 4]);
      expect(read.rejected).toMatchObject([{ line: 3, code: 'record_too_large', row: large.slice(0, 500) }]);
      expect(read.chunks).toHaveLength(2);
      expect(read.chunks.at(-1)?.end).toBe(text.length);
    }
    const lines = goodLine(0) + `{"x":"${'y'.repeat(50_000)}"}\n` + goodLine(2);
    const json = await readText(lines, NDJSON, { maxRowBytes: 500 });
    expect(json.events.map(({ line }) => line)).toEqual([1, 3]);
    expect(json.rejected).toMatchObject([{ line: 2, code: 'record_too_large' }]);
    expect(json.chunks.at(-1)?.end).toBe(lines.length);
  });

  it('bounds the rows of a chunk, whatever they are', async () => {
    const broken = `${'x\n'.repeat(50_000)}`;
    for (const [settings, header] of [
      [CSV, HEADER],
      [NDJSON, ''],
    ] as const) {
      const { chunks, rejected } = await readText(header + broken, settings, { chunkBytes: 1_000_000 });
      expect(chunks.map(({ lines }) => lines)).toEqual([20_000, 20_000, 10_000]);
      expect(rejected).toHaveLength(50_000);
    }
    const tiny = `${HEADER}${',,,,\n'.repeat(50_000)}`;
    const careful = await readText(tiny, CSV, { chunkBytes: 1_000_000, fast: false });
    expect(careful.chunks).toHaveLength(3);
    expect(await readText(tiny, CSV, { chunkBytes: 1_000_000 })).toEqual(careful);
  });

  it('reads the rows before a quote that is never closed, and says on which line it is', async () => {
    const rows = Array.from({ length: 500 }, (_, i) => goodRow(i)).join('');
    const read = await readText(`${HEADER}${rows}${id(500)},2024-03-04T10:00:00Z,u,view,"{\n`);
    expect(read.events).toHaveLength(500);
    expect(read.rejected).toMatchObject([{ line: 502, code: 'unclosed_quote' }]);
  });

  it.each([
    ['', 'no header: the input is empty'],
    ['\x7fELF\x00\x01\x02\n\x00\n', 'no header: the input begins with what is no UTF-8 text'],
    ['id,when\n1,2\n', 'columns missing: "event_id", "user_id"'],
    ['\ufffe', 'missing'],
  ])('says what is wrong with %j as a CSV file', async (text, message) => {
    await expect(readText(text)).rejects.toThrow(message);
  });

  it('says what a JSON array lacks', async () => {
    await expect(readText('[{"event_id":1}]', NDJSON)).rejects.toThrow("jq -c '.[]'");
  });
});

/** The edges of every rule, on both sides. */
const edges = {
  event_id: [id(1), '018F4E5A-9C1B-7C3D-8E2F-0123456789AB', id(2).slice(1), `${id(3)} `, '', `{${id(3)}}`],
  occurred_at: [
    '2024-03-04T10:00:00.000Z',
    '2024-03-04T10:00:00Z',
    '2024-02-29T23:59:59.9999999+05:30',
    '2023-02-29T00:00:00.000Z',
    '2024-02-30T00:00:00.000Z',
    '2024-03-04T24:00:00.000Z',
    '2024-03-04T23:59:60.000Z',
    '1990-01-01T00:00:00.000Z',
    '1989-12-31T23:59:59.999Z',
    '2024-03-06T00:00:00.000Z',
    '2024-03-06T00:00:00.001Z',
    '2024-03-04 10:00:00Z',
    '2024-03-04t10:00:00z',
    '9999-12-31T00:00:00.000Z',
    '2024-03-04',
    '',
  ],
  name: [
    'u1',
    'a b',
    ' x ',
    'caf\u00e9',
    '\u{1F600}',
    '\uFEFFx',
    'tab\there',
    'nul\0here',
    'line\nbreak',
    'cr\rhere',
    'c1\u0085here',
    'del\u007f',
    'x'.repeat(128),
    'x'.repeat(129),
    'x'.repeat(256),
    'x'.repeat(257),
    '\u{1F600}'.repeat(128),
    '\u{1F600}'.repeat(129),
    '"quoted"',
    'com,ma',
    '=1+1',
    "'=1",
    '',
    '\u00a0',
    '\u2028',
  ],
  properties: [
    '',
    ' ',
    '{}',
    '{ }',
    '{"a":1}',
    '{"a": 1, "b": [1, 2, {"c": null}]}',
    '{"a":1.50}',
    '{"a":1e5}',
    '{"a":-0}',
    '{"a":1e400}',
    '{"a":9007199254740993}',
    '{"a":123456789012345}',
    '{"a":0.1234567890123456789}',
    '{"a":01}',
    '{"a":1,"a":"x"}',
    '{"a":{"a":1,"a":2}}',
    '{"__proto__":1,"constructor":2}',
    '{"1":1,"0":2}',
    '{"a":"\\u00e9\\n\\"\\\\\\/"}',
    '{"a":"\\u0000"}',
    '{"a":"\\ud83d\\ude00"}',
    '{"a":"\\ud83d"}',
    '{"a":"\\u0085"}',
    '{"\\u0000":1}',
    '{"a":"\u00e9\u{1F600}\u0085\u2028"}',
    '{"a":"x\ty"}',
    '{\n "a": 1\n}',
    '{"a":1,}',
    '{"a":1}}',
    '{"a":[1,]}',
    '{"a":1} {"b":2}',
    '{"a"}',
    "{'a':1}",
    '[]',
    'null',
    '"text"',
    'nothing',
    '{"a":{"b":{"c":{"d":1}}}}',
    `${'{"a":'.repeat(32)}1${'}'.repeat(32)}`,
    `${'{"a":'.repeat(31)}1${'}'.repeat(31)}`,
    `{"a":"${'x'.repeat(11_000)}"}`,
    `{"a":"${'x'.repeat(32_760)}"}`,
    `{"a":"${'x'.repeat(32_761)}"}`,
    `{"a":"${'\u00e9'.repeat(16_381)}"}`,
  ],
};

const cells = {
  event_id: fc.constantFrom(...edges.event_id),
  occurred_at: fc.constantFrom(...edges.occurred_at),
  name: fc.constantFrom(...edges.name),
  properties: fc.oneof(
    fc.constantFrom(...edges.properties),
    fc.json({ maxDepth: 4 }).map((json) => `{"v":${json}}`),
    fc.string({ unit: fc.constantFrom('{', '}', '"', ':', ',', '[', ']', '1', 'a', '\\', ' ', '.', '-') }),
  ),
};

const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;

const written = (cell: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      cell,
      fc.constantFrom(
        'as needed',
        'as needed',
        'as needed',
        'always',
        'never',
        'space before',
        'space after',
        'text after',
      ),
    )
    .map(([text, how]) => {
      if (how === 'never') return text;
      if (how === 'always') return quote(text);
      if (how === 'space before') return ` ${quote(text)}`;
      if (how === 'space after') return `${quote(text)} `;
      if (how === 'text after') return `${quote(text)}x`;
      return /[",\r\n]/.test(text) ? quote(text) : text;
    });

const mostly = <T>(usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other });

const csvRow = fc
  .tuple(
    mostly(id(7), written(cells.event_id)),
    mostly('2024-03-04T10:00:00.000Z', written(cells.occurred_at)),
    mostly('u1', written(cells.name)),
    mostly('view', written(cells.name)),
    fc.oneof(fc.constant(quote('{"a":1,"b":"x"}')), written(cells.properties)),
    mostly('', fc.constantFrom(',', ',,', ',more', '"', ',"', '\0')),
    mostly('\n', fc.constantFrom('\r\n', '\r', '\n\n', '\r\n\r\n', '\n\r', ' \n', '\n \n')),
  )
  .map(([event, at, user, type, properties, more, ending]) =>
    Buffer.from([event, at, user, type, properties].join(',') + more + ending),
  );

const brokenRow = fc.constantFrom(
  Buffer.from(`${id(8)},2024-03-04T10:00:00Z,u,view,"{\n`),
  Buffer.from(`${id(8)},2024-03-04T10:00:00Z,"u,view,{}\n`),
  Buffer.from(`${id(8)},2024-03-04T10:00:00Z,caf\xe9,view,{}\n`, 'latin1'),
  Buffer.from(`${id(8)},2024-03-04T10:00:00Z,\xed\xa0\x80,view,{}\n`, 'latin1'),
  Buffer.from(`${id(8)},2024-03-04T10:00:00Z,u,view\n`),
  Buffer.from(`${id(8)}\n`),
  Buffer.from('"\n'),
  Buffer.from('""\n'),
  Buffer.from(',,,,\n'),
);

const csvText = fc
  .array(fc.oneof({ weight: 4, arbitrary: csvRow }, { weight: 1, arbitrary: brokenRow }), {
    minLength: 1,
    maxLength: 12,
  })
  .chain((rows) =>
    fc.boolean().map((cut) => (cut ? [...rows.slice(0, -1), rows.at(-1)?.subarray(0, -1)] : rows)),
  )
  .map((rows) => Buffer.concat([Buffer.from(HEADER), ...rows.flatMap((row) => (row ? [row] : []))]));

const SPELLINGS: ((text: string) => string)[] = [
  (text) => text,
  quote,
  (text) => (/[",\r\n]/.test(text) ? quote(text) : text),
  (text) => ` ${quote(text)}`,
  (text) => `${quote(text)} `,
  (text) => `${quote(text)}x`,
  (text) => `"${text}`,
];

describe('the quick way', () => {
  it('judges the edges of every rule as the careful way does, however they are spelled and wherever they stand', async () => {
    const usual = [id(1), '2024-03-04T10:00:00.000Z', 'u1', 'view', '{}'];
    const lists = [edges.event_id, edges.occurred_at, edges.name, edges.name, edges.properties];
    const rows = lists.flatMap((list, column) =>
      list.flatMap((text) =>
        SPELLINGS.map((spell) => usual.map((cell, at) => (at === column ? spell(text) : cell))),
      ),
    );
    const orders = [
      [0, 1, 2, 3, 4],
      [4, 3, 2, 1, 0],
      [2, 4, 0, 1, 3],
    ];
    for (const ending of ['\n', '\r\n', '\r']) {
      for (const order of orders) {
        const all = [HEADER.trim().split(','), ...rows];
        const text = all.map((row) => order.map((at) => row[at]).join(',') + ending).join('');
        const careful = await readText(text, CSV, { fast: false });
        expect(careful.events.length).toBeGreaterThan(100);
        expect(careful.rejected.length).toBeGreaterThan(100);
        expect(await readText(text)).toEqual(careful);
      }
    }
  });

  it.each([
    ['CSV', CSV, HEADER + goodRow(1) + goodRow(2, '\u00e9')],
    ['NDJSON', NDJSON, goodLine(1) + goodLine(2)],
  ])(
    'is the way of ordinary rows of %s: their properties stay the text that they are',
    async (name, settings, text) => {
      const reading = await readChunks('-', settings, {
        stdin: stdinOf(Buffer.from(text)),
        limits: DEFAULT_LIMITS,
        clock: () => NOW,
        signal: new AbortController().signal,
        chunkBytes: 1_000,
        maxRowBytes: 10_000,
        done: new Map(),
      });
      const texts: unknown[] = [];
      for await (const chunk of reading.chunks) {
        for (const event of (await chunk.judge()).events)
          texts.push('properties_json' in event && event.properties_json);
      }
      expect(texts).toEqual(
        name === 'CSV' ? ['{"n":1,"s":"x"}', '{"n":2,"s":"x\u00e9"}'] : ['{"n":1}', '{"n":2}'],
      );
    },
  );

  it('judges every row of CSV as the careful way does, wherever chunks end', async () => {
    await fc.assert(
      fc.asyncProperty(
        csvText,
        fc.integer({ min: 1, max: 3_000 }),
        fc.constantFrom(1, 7, 64_000),
        async (text, chunkBytes, pieceBytes) => {
          const careful = verdicts(await readText(text, CSV, { chunkBytes: 1_000_000, fast: false }));
          expect(verdicts(await readText(text, CSV, { chunkBytes: 1_000_000 }))).toEqual(careful);
          expect(verdicts(await readText(text, CSV, { chunkBytes, pieceBytes }))).toEqual(careful);
          expect(verdicts(await readText(text, CSV, { chunkBytes, fast: false }))).toEqual(careful);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('cuts CSV of any bytes alike', async () => {
    const piece = fc.constantFrom(
      '"',
      ',',
      '\n',
      '\r',
      '\r\n',
      'a',
      ' ',
      '\u00e9',
      '""',
      '",',
      ',"',
      '"\n',
      '\t',
      '\0',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 60 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 3, max: 40 }),
        fc.constantFrom(1, 2, 64_000),
        async (pieces, chunkBytes, maxRowBytes, pieceBytes) => {
          const text = `a,b\n${pieces.join('')}`;
          const settings: ReadSettings = {
            ...CSV,
            columns: { event_id: 'a', user_id: 'a', event_type: 'b', occurred_at: 'b', properties: '' },
          };
          const careful = await readText(text, settings, { chunkBytes, maxRowBytes, fast: false });
          expect(await readText(text, settings, { chunkBytes, maxRowBytes, pieceBytes })).toEqual(careful);
          const whole = await readText(text, settings, { chunkBytes: 10_000, maxRowBytes });
          expect(verdicts(whole)).toEqual(verdicts(careful));
        },
      ),
      { numRuns: 600 },
    );
  });

  it('judges every line of NDJSON as the careful way does', async () => {
    const text = (value: fc.Arbitrary<string>) => value.map((written) => JSON.stringify(written));
    const line = fc
      .tuple(
        mostly(`"${id(7)}"`, text(cells.event_id)),
        mostly('"u1"', fc.oneof(text(cells.name), fc.constantFrom('42', 'null', '"\\u00e9"'))),
        mostly('"view"', text(cells.name)),
        mostly('"2024-03-04T10:00:00.000Z"', text(cells.occurred_at)),
        fc.oneof(
          fc.constant(',"properties":{"a":1}'),
          fc.constant(''),
          cells.properties.map((json) => `,"properties":${json.replaceAll('\n', ' ')}`),
        ),
        mostly('', fc.constantFrom(',"more":1', ',"user_id":"other"', ' ', '}', '\r')),
        fc.constantFrom(',', ', '),
      )
      .map(
        ([event, user, type, at, properties, more, comma]) =>
          `{"event_id":${event}${comma}"user_id":${user}${comma}"event_type":${type}${comma}"occurred_at":${at}${properties}${more}}\n`,
      );
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof({ weight: 8, arbitrary: line }, fc.constantFrom('\n', ' \r\n', 'x\n', '{}\n', '1\n')),
          {
            maxLength: 10,
          },
        ),
        fc.integer({ min: 1, max: 3_000 }),
        async (lines, chunkBytes) => {
          const careful = verdicts(await readText(lines.join(''), NDJSON, { chunkBytes, fast: false }));
          expect(verdicts(await readText(lines.join(''), NDJSON, { chunkBytes: 100_000 }))).toEqual(careful);
        },
      ),
      { numRuns: 600 },
    );
  });
});
