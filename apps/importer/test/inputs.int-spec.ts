import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as zlib from 'node:zlib';

import { HEADER, idOf, row, rows } from './events-csv.js';
import { writeParquet } from './hard-input-files.js';
import {
  byId,
  createImporterWorld,
  expectLedger,
  readRejects,
  storedEvents,
  type ImporterWorld,
  type StoredEvent,
} from './importer-world.js';
import { EXAMPLES, PRESET_EXAMPLES, uuidV5 } from './preset-examples.js';
import { WRITTEN_OUT } from './preset-events.js';

/** Part of the format: ids that were made once have to be made again. */
const EVENT_ID_NAMESPACE = '7e0d7f7c-8f4d-5a0e-9d6b-2f6b0a4c1e35';
const { zstdCompressSync } = zlib as { zstdCompressSync?: (text: string) => Uint8Array };

const event = (n: number, fields: Partial<StoredEvent> = {}): StoredEvent => ({
  event_id: idOf(n),
  user_id: 'ada',
  event_type: 'view',
  occurred_at: '2024-03-04T10:00:00.000Z',
  properties: {},
  ...fields,
});
const lines = (...records: unknown[]): string =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('');

describe('what the importer reads', () => {
  let world: ImporterWorld;
  beforeEach(async () => {
    world = await createImporterWorld();
  });
  afterEach(() => world.close());

  /** Nothing of it is refused, and these events are what is stored. */
  async function expectImported(args: string[], expected: StoredEvent[]): Promise<void> {
    const { exitCode, stderr, summary } = await world.run(args);
    expect(exitCode === 0 ? '' : stderr).toBe('');
    expect(summary).toMatchObject({ inserted: expected.length, duplicates: 0, rejected: 0, error: null });
    expect(await storedEvents(world.db)).toEqual(byId(expected));
    await expectLedger(world.db, expected.length);
  }

  describe.each(PRESET_EXAMPLES)('$file with --preset $preset', ({ preset, file, events }) => {
    it('is stored as its documentation says, once, compressed or not', async () => {
      await copyFile(join(EXAMPLES, file), join(world.cwd, file));
      const expected = events();
      const count = expected.length;
      expect(count).toBeGreaterThanOrEqual(20);
      await expectImported([file, '--preset', preset], expected);

      const second = await world.run([file, '--preset', preset]);
      expect(second.exitCode).toBe(0);
      expect(second.summary).toMatchObject({ inserted: 0, stored_before: count });
      const again = await world.run([file, '--preset', preset, '--again']);
      expect(again.summary).toMatchObject({ inserted: 0, duplicates: count });

      // Its name does not tell that it is compressed, nor what it is.
      const packed = await world.file('export', zlib.gzipSync(await readFile(join(EXAMPLES, file))));
      const third = await world.run([packed, '--preset', preset]);
      expect(third.exitCode).toBe(0);
      expect(third.summary).toMatchObject({ inserted: 0, duplicates: count, rejected: 0 });
      expect(await storedEvents(world.db)).toEqual(byId(expected));
      await expectLedger(world.db, count);
    });
  });

  it('makes of a record of each product the event that is written here', async () => {
    for (const { preset, file } of PRESET_EXAMPLES.filter(({ file }) => file.endsWith('.ndjson'))) {
      await copyFile(join(EXAMPLES, file), join(world.cwd, file));
      expect((await world.run([file, '--preset', preset])).exitCode).toBe(0);
    }
    const stored = new Map((await storedEvents(world.db)).map((one) => [one.event_id, one]));
    for (const literal of WRITTEN_OUT) expect(stored.get(literal.event_id)).toEqual(literal);
  });

  it('--map takes columns of CSV by other names', async () => {
    const path = await world.file(
      'log.csv',
      `when,id,visitor,what,more\n2024-03-04T10:00:00Z,${idOf(1)},ada,view,"{""a"":[1]}"\n`,
    );
    const unmapped = await world.run([path]);
    expect(unmapped).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('see --map') });
    const map = ['event_id=id', 'user_id=visitor', 'event_type=what', 'occurred_at=when', 'properties=more'];
    await expectImported(
      [path, ...map.flatMap((pair) => ['--map', pair])],
      [event(1, { properties: { a: [1] } })],
    );
  });

  it('--map takes paths of JSON with dots, and a key that has dots itself before a path', async () => {
    const path = await world.file(
      'nested.ndjson',
      lines(
        {
          meta: { id: idOf(1), at: '2024-03-04T10:00:00Z' },
          user: { name: { short: 'ada' } },
          event_type: 'view',
          data: {},
        },
        {
          meta: { id: idOf(2), at: '2024-03-04T10:00:00Z' },
          'user.name.short': 'bob',
          event_type: 'view',
          data: { a: 1 },
        },
      ),
    );
    const map = ['event_id=meta.id', 'occurred_at=meta.at', 'user_id=user.name.short', 'properties=data'];
    await expectImported(
      [path, ...map.flatMap((pair) => ['--map', pair])],
      [event(1), event(2, { user_id: 'bob', properties: { a: 1 } })],
    );
  });

  describe.each(['csv', 'ndjson'] as const)('--extra-columns (%s)', (format) => {
    const text =
      format === 'csv'
        ? `event_id,occurred_at,user_id,event_type,properties_json,plan,n\n${idOf(1)},2024-03-04T10:00:00Z,ada,view,"{""a"":1,""n"":2}",pro,9\n${idOf(2)},2024-03-04T10:00:00Z,ada,view,,,\n`
        : lines(
            { ...event(1, { properties: { a: 1, n: 2 } }), plan: 'pro', n: 9 },
            { ...event(2), plan: null },
          );

    it.each([
      ['properties', { a: 1, n: 2, plan: 'pro' }],
      ['ignore', { a: 1, n: 2 }],
    ])('%s', async (what, properties) => {
      const path = await world.file('more', text);
      await expectImported([path, '--extra-columns', what], [event(1, { properties }), event(2)]);
    });

    it('refuses them by default, names them and says what to do', async () => {
      const path = await world.file('more', text);
      const { exitCode, stderr } = await world.run([path]);
      expect(exitCode).toBe(format === 'csv' ? 1 : 3);
      expect(stderr).toMatch(
        format === 'csv'
          ? /unknown: "plan", "n" .*see --map and --extra-columns/
          : /more:1: unknown_field: plan is no field of an event: remove it, or put it into properties/,
      );
      await expectLedger(world.db, 0);
    });
  });

  it.each([
    [
      'a column',
      `event_id,occurred_at,user_id,event_type,properties_json\n${idOf(1)},2024-03-04T10:00:00Z,ada,,\n${idOf(2)},2024-03-04T10:00:00Z,ada,buy,\n`,
    ],
    ['a key', lines({ ...event(1), event_type: undefined }, { ...event(2), event_type: 'buy' })],
  ])('--default-event-type is for rows where %s is empty or absent', async (_what, text) => {
    const path = await world.file('typeless', text);
    await expectImported([path, '--default-event-type', 'view'], [event(1), event(2, { event_type: 'buy' })]);
  });

  it.each([
    ['epoch-seconds', ['1709546400', '1709546400.1239', '1709546400.9996']],
    ['epoch-milliseconds', ['1709546400000', '1709546400123', '1709546400999.9']],
  ])('--timestamps %s, cut off to milliseconds', async (timestamps, times) => {
    const expected = ['00.000', '00.123', '00.999'].map((at, n) =>
      event(n, { occurred_at: `2024-03-04T10:00:${at}Z` }),
    );
    const csv = HEADER + times.map((time, n) => `${idOf(n)},${time},ada,view,\n`).join('');
    await expectImported([await world.file('times.csv', csv), '--timestamps', timestamps], expected);

    const json = times.map((time, n) => lines(event(n)).replace(/"2024[^"]*"/, time)).join('');
    const asNumbers = await world.run([await world.file('times.ndjson', json), '--timestamps', timestamps]);
    expect(asNumbers.summary).toMatchObject({ inserted: 0, duplicates: 3, rejected: 0 });
    const wrong = await world.run([await world.file('wrong.csv', csv)]);
    expect(wrong.exitCode).toBe(3);
    expect(wrong.stderr).toContain('wrong.csv:2: invalid_timestamp');
    await expectLedger(world.db, 3);
  });

  it('--timezone is for times that do not say theirs, and knows when its clocks are changed', async () => {
    const times = {
      '2024-03-04 10:00:00': '2024-03-04T09:00:00.000Z',
      '2024-03-04T10:00:00.1239': '2024-03-04T09:00:00.123Z',
      '2024-03-04T10:00:00Z': '2024-03-04T10:00:00.000Z',
      '2024-03-04 10:00:00+0530': '2024-03-04T04:30:00.000Z',
      '2024-03-31 01:59:59': '2024-03-31T00:59:59.000Z',
      '2024-03-31 02:30:00': undefined,
      '2024-03-31 03:00:00': '2024-03-31T01:00:00.000Z',
      '2024-10-27 02:30:00': '2024-10-27T00:30:00.000Z',
      '2024-10-27 03:00:00': '2024-10-27T02:00:00.000Z',
    };
    const texts = Object.keys(times);
    const csv = HEADER + texts.map((time, n) => `${idOf(n)},${time},ada,view,\n`).join('');
    const path = await world.file('local.csv', csv);
    const { exitCode, summary } = await world.run([path, '--timezone', 'Europe/Berlin']);
    expect(exitCode).toBe(3);
    expect(summary).toMatchObject({ inserted: 8, rejected: 1 });
    expect(await readRejects(join(world.cwd, 'local.csv.rejects.csv'))).toEqual([
      {
        line: 7,
        code: 'invalid_timestamp',
        message: expect.stringMatching(/never was in Europe\/Berlin.*correct it, or see --timezone/),
        row: `${idOf(5)},2024-03-31 02:30:00,ada,view,`,
      },
    ]);
    const expected = Object.values(times).flatMap((at, n) => (at ? [event(n, { occurred_at: at })] : []));
    expect(await storedEvents(world.db)).toEqual(expected);
    const naive = await world.run([path, '--again']);
    expect(naive.summary).toMatchObject({ inserted: 0, duplicates: 1, rejected: 8 });
  });

  it('--event-id-from makes the UUIDv5 of the fields, in CSV and in NDJSON', async () => {
    const at = ['2024-03-04T10:00:00Z', '2024-03-04T11:00:00+01:00'];
    const idFrom = (...texts: string[]): string => uuidV5(EVENT_ID_NAMESPACE, JSON.stringify(texts));
    expect(idFrom('ada', '2024-03-04T10:00:00Z')).toBe('2ed542ff-d9e3-5c18-85e5-e7c845483850');
    const csv = `occurred_at,user_id,event_type,properties_json\n${at.map((time) => `${time},ada,view,\n`).join('')}`;
    const settings = ['--event-id-from', 'user_id,occurred_at'];
    await expectImported(
      [await world.file('a.csv', csv), ...settings],
      at.map((time) => event(0, { event_id: idFrom('ada', time) })),
    );
    const json = lines(...at.map((time) => ({ user_id: 'ada', event_type: 'view', occurred_at: time })));
    const same = await world.run([await world.file('a.ndjson', json), ...settings]);
    expect(same.summary).toMatchObject({ inserted: 0, duplicates: 2 });
  });

  it('reads NDJSON as in POST /events, with CRLF, blank lines and without an end of the last', async () => {
    const strange = event(2, { user_id: 'zoë 🎈', properties: { deep: [{ a: null }], '': '\u2028' } });
    const text = `\r\n${JSON.stringify(event(1))}\r\n\n${JSON.stringify(strange)}\n{"event_id":1}\n${JSON.stringify(event(3))}`;
    const { exitCode, summary } = await world.run([await world.file('a.json', `\ufeff${text}`)]);
    expect(exitCode).toBe(3);
    expect(summary).toMatchObject({ rows: 4, inserted: 3, rejected: 1 });
    expect(await readRejects(join(world.cwd, 'a.json.rejects.csv'))).toMatchObject([{ line: 5 }]);
    expect(await storedEvents(world.db)).toEqual([event(1), strange, event(3)]);
  });

  it('reads Parquet', async () => {
    await writeParquet(
      join(world.cwd, 'a.data'),
      `SELECT ('${idOf(0).slice(0, 24)}' || lpad(i::VARCHAR, 12, '0'))::UUID AS event_id, 'ada' AS visitor,
        'view' AS event_type, TIMESTAMPTZ '2024-03-04 10:00:00.123999+00' AS occurred_at,
        {'n': i, 'more': ['x', NULL]} AS properties
      FROM range(5000) t(i)`,
    );
    const expected = Array.from({ length: 5_000 }, (_, n) =>
      event(n, { occurred_at: '2024-03-04T10:00:00.123Z', properties: { n, more: ['x', null] } }),
    );
    await expectImported(['a.data', '--map', 'user_id=visitor'], expected);
    const second = await world.run(['a.data', '--map', 'user_id=visitor', '--again']);
    expect(second.summary).toMatchObject({ inserted: 0, duplicates: 5_000 });
  });

  it('reads Parquet from the file that is named, and of its name nothing', async () => {
    const parquetOf = async (name: string, n: number): Promise<string> => {
      await writeParquet(
        join(world.cwd, name),
        `SELECT '${idOf(n)}' AS event_id, 'ada' AS user_id, 'view' AS event_type,
          TIMESTAMPTZ '2024-03-04 10:00:00+00' AS occurred_at`,
      );
      return name;
    };
    // Others would match if the names were patterns.
    await parquetOf('e1', 1);
    await parquetOf('e12', 2);
    await mkdir(join(world.cwd, 'user_id=bob'));
    const names = [
      await parquetOf('e[1]', 3),
      await parquetOf('e*', 4),
      await parquetOf('e1?', 5),
      await parquetOf('user_id=bob/part', 6),
    ];
    await expectImported(names, [event(3), event(4), event(5), event(6)]);
  });

  const withZstd = zstdCompressSync === undefined ? it.skip : it;
  withZstd('reads zstd (skipped where Node has none: before 22.15)', async () => {
    const path = await world.file('a', zstdCompressSync?.(lines(event(1), event(2))) ?? '');
    await expectImported([path], [event(1), event(2)]);
  });

  const withoutZstd = zstdCompressSync === undefined ? it : it.skip;
  withoutZstd('says what to do with zstd where Node has none (skipped where it has)', async () => {
    const path = await world.file('a.csv.zst', Buffer.from('28b52ffd0458', 'hex'));
    const { exitCode, stderr } = await world.run([path]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /a\.csv\.zst: is zstd, which Node [\d.]+ cannot read: pipe it \(zstd -dc FILE \| /,
    );
    await expectLedger(world.db, 0);
  });

  it.each([
    [
      'CSV',
      HEADER + row(0) + row(1).replace(idOf(1), 'x1') + row(2).replace('"{""n"":2}"', '"{""n"":2') + row(3),
      '{""""n"""":2',
      '{""""n"""":2}""',
    ],
    [
      'NDJSON',
      lines(event(0), { ...event(1), event_id: 'x1' }) +
        lines(event(2)).replace('}\n', '\n') +
        lines(event(3)),
      '""properties"":{}"',
      '""properties"":{}}"',
    ],
  ])(
    'imports a reject file that was mended, of %s, and rejects what was not',
    async (format, text, broken, mended) => {
      const path = await world.file('input', text);
      const first = await world.run([path]);
      expect(first.summary).toMatchObject({ rows: 4, inserted: 2, rejected: 2 });
      const rejectFile = join(world.cwd, 'input.rejects.csv');
      const rejects = await readFile(rejectFile, 'utf8');
      expect(rejects).toContain(broken);

      // First one, then the other is mended.
      const half = rejects.replace(/x1(?![^]*x1)/, idOf(1));
      await writeFile(rejectFile, half);
      const second = await world.run(['input.rejects.csv', '--reject-file', 'still.csv']);
      expect(second.exitCode).toBe(3);
      expect(second.summary).toMatchObject({ rows: 2, inserted: 1, rejected: 1 });
      expect(await readRejects(join(world.cwd, 'still.csv'))).toMatchObject([
        { line: format === 'CSV' ? 4 : 3 },
      ]);

      await writeFile(rejectFile, half.replace(broken, mended));
      const third = await world.run(['input.rejects.csv']);
      expect(third.stderr).not.toContain(': invalid');
      expect(third.summary).toMatchObject({ rows: 2, inserted: 1, duplicates: 1, rejected: 0 });

      await expectLedger(world.db, 4);
      const whole = format === 'CSV' ? HEADER + rows(0, 4) : lines(event(0), event(1), event(2), event(3));
      const all = await world.run([await world.file('whole', whole)]);
      expect(all.summary).toMatchObject({ inserted: 0, duplicates: 4, rejected: 0 });
    },
  );
});
