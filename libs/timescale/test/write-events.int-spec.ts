import { recountTotals, writeEvents } from '../src/index.js';
import { createRandom, event, eventId, events } from './event-makers.js';
import { openDatabase, storages, type OpenedDatabase } from './test-database.js';

describe.each(storages)('writeEvents on %s', (storage) => {
  let opened: OpenedDatabase;
  beforeEach(async () => {
    opened = await openDatabase(storage);
  });
  afterEach(() => opened.close());

  const stored = () =>
    opened.db.run(
      (sql) => sql<Record<string, unknown>[]>`
        SELECT event_id, to_char(occurred_at, 'YYYY-MM-DD"T"HH24:MI:SS.US') AS occurred_at, user_id, event_type, properties,
          to_char(received_at, 'YYYY-MM-DD"T"HH24:MI:SS.MS') AS received_at
        FROM events ORDER BY event_id, occurred_at`,
    );
  const expectLedger = async (rows: number) =>
    expect(await recountTotals(opened.db)).toMatchObject({
      rows,
      distinctKeys: rows,
      logEvents: rows,
      activityDifferences: 0,
    });

  it('stores what it was given, as it was given', async () => {
    const odd = event(1, {
      user_id: `Zoë "the \\ cat" 🐈 {a,b} 'x'`,
      event_type: 'a,b;{"c"}',
      occurred_at: '2024-03-31T23:59:59.999Z',
      properties: JSON.parse('{"__proto__":{"x":1},"é":[1.5,null,true,"\\u0001\\"\\\\"],"":{}}') as Record<
        string,
        unknown
      >,
    });
    expect(await writeEvents(opened.db, [odd], { receivedAt: '2024-04-01T00:00:01.250Z' })).toEqual({
      inserted: 1,
      duplicates: 0,
    });
    const [row] = await stored();
    expect(row).toEqual({
      ...odd,
      occurred_at: '2024-03-31T23:59:59.999000',
      received_at: '2024-04-01T00:00:01.250',
    });
    expect(Object.keys(row?.properties as object)).toContain('__proto__');
  });

  it('keeps the received_at that an event brings', async () => {
    const receivedAt = '2024-04-01T00:00:00.000Z';
    await writeEvents(opened.db, [{ ...event(1), received_at: '2024-03-05T00:00:00.001Z' }, event(2)], {
      receivedAt,
    });
    const times = (await stored()).map((row) => row.received_at).sort();
    expect(times).toEqual(['2024-03-05T00:00:00.001', '2024-04-01T00:00:00.000']);
  });

  it('passes lines on as they stand, beside events that are none, each received when it was', async () => {
    const lineOf = (
      { event_id, occurred_at, user_id, event_type }: ReturnType<typeof event>,
      properties: string,
    ) => [event_id, occurred_at, user_id, event_type, properties].join('\t');
    const times = ['00.001', '00.002', '00.002', '00.003', '00.001'].map((s) => `2024-03-05T00:00:${s}Z`);
    const written = times.map((received_at, n) => {
      const one = event(n, { user_id: `Zoë ${n} "\\`, properties: { n, 'a\t': 'b\n' } });
      const line = lineOf(one, JSON.stringify(one.properties));
      return n === 2 ? { ...one, received_at } : { ...one, received_at, line };
    });
    expect(await writeEvents(opened.db, written)).toEqual({ inserted: 5, duplicates: 0 });
    const rows = (await stored()).map((row) => ({ ...row, received_at: `${String(row.received_at)}Z` }));
    const byId = [...written].sort((a, b) => (a.event_id < b.event_id ? -1 : 1));
    expect(rows).toEqual(
      byId.map(({ event_id, occurred_at, user_id, event_type, properties, received_at }) => {
        const micros = occurred_at.replace('Z', '000');
        return { event_id, occurred_at: micros, user_id, event_type, properties, received_at };
      }),
    );
    await expectLedger(5);

    const broken = { ...event(9), line: lineOf(event(9), '{}{}') };
    await expect(writeEvents(opened.db, [event(8), broken])).rejects.toMatchObject({ code: '22P02' });
    await expectLedger(5);
  });

  it('counts an event once however often it is sent, and the first wins', async () => {
    const twice = [
      event(1, { properties: { first: true } }),
      event(1, { user_id: 'other' }),
      ...events(2, 50),
    ];
    expect(await writeEvents(opened.db, twice)).toEqual({ inserted: 49, duplicates: 2 - 1 });
    expect(await writeEvents(opened.db, twice)).toEqual({ inserted: 0, duplicates: 50 });
    expect(await writeEvents(opened.db, [event(1, { user_id: 'third' }), event(100)])).toEqual({
      inserted: 1,
      duplicates: 1,
    });
    const [first] = (await stored()).filter((row) => row.event_id === eventId(1));
    expect(first).toMatchObject({ user_id: 'user-1', properties: { first: true } });
    await expectLedger(50);
    expect((await recountTotals(opened.db)).logRows).toBe(2);
  });

  it('stores what is new beside what is not, wherever in the write that stands, and however it was written before', async () => {
    // The first of these finds a row in its way and is done again; those after it do not suppose that all is new.
    for (const [from, to, inserted] of [
      [0, 20, 20],
      [19, 40, 20],
      [0, 41, 1],
      [41, 60, 19],
      [41, 61, 1],
    ] as const) {
      const written = events(from, to);
      expect(await writeEvents(opened.db, written)).toEqual({
        inserted,
        duplicates: written.length - inserted,
      });
    }
    await expectLedger(61);
  });

  it('stores once what sixty writes bring at the same time, new to each when it began', async () => {
    const pools = Array.from({ length: 6 }, () => opened.connect({ maxConnections: 2 }));
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, i) =>
        writeEvents(pools[i % 6]!, events((i % 10) * 50, (i % 10) * 50 + 100)),
      ),
    );
    expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(550);
    await expectLedger(550);
  });

  it('takes what a line of text cannot hold another way', async () => {
    const odd = [
      event(1, { user_id: 'tab\tand\nline' }),
      event(2, { event_type: '\u0085' }),
      event(3, { properties: { 'a\tb': 'c\nd', e: '\u2028' } }),
      event(4),
    ];
    await writeEvents(opened.db, [{ ...odd[0]!, received_at: '2024-03-05T00:00:00.001Z' }, ...odd.slice(1)]);
    const rows = await stored();
    for (const { event_id, user_id, event_type, properties } of odd) {
      expect(rows).toContainEqual(expect.objectContaining({ event_id, user_id, event_type, properties }));
    }
    expect(rows).toContainEqual(expect.objectContaining({ received_at: '2024-03-05T00:00:00.001' }));
    await expectLedger(4);
  });

  it('keeps the same id at another instant apart', async () => {
    await writeEvents(opened.db, [event(1), event(1, { occurred_at: '2024-03-04T10:00:00.001Z' })]);
    expect(await recountTotals(opened.db)).toMatchObject({ rows: 2, distinctKeys: 2, distinctIds: 1 });
  });

  it('logs the users of each (15 minutes, type), one for each event, as one text', async () => {
    const at = (occurred_at: string, user_id: string, n: number) => event(n, { occurred_at, user_id });
    await writeEvents(opened.db, [
      at('2024-03-04T10:00:00.000Z', 'A', 1),
      at('2024-03-04T10:14:59.999Z', 'A', 2),
      at('2024-03-04T10:15:00.000Z', 'A', 3),
      at('1969-12-31T23:59:59.999Z', 'B', 4),
      at('1969-12-31T23:59:59.999Z', 'B', 4),
    ]);
    const [row, ...others] = await opened.db.run(
      (sql) => sql<{ activity: string; events: number; historical: boolean }[]>`
        SELECT activity, events, historical FROM activity_log`,
    );
    const bucket = Date.parse('2024-03-04T10:00:00Z') / 900_000;
    expect(others).toEqual([]);
    expect(row).toMatchObject({ events: 4, historical: true });
    expect(row?.activity.split('\n').sort()).toEqual([
      '-1\tpage_view\tB',
      `${bucket}\tpage_view\tA\tA`,
      `${bucket + 1}\tpage_view\tA`,
    ]);
    await expectLedger(4);
  });

  it('writes nothing for nothing', async () => {
    expect(await writeEvents(opened.db, [])).toEqual({ inserted: 0, duplicates: 0 });
    expect(await recountTotals(opened.db)).toMatchObject({ rows: 0, logRows: 0 });
  });

  it('runs within in the same transaction', async () => {
    await opened.db.run((sql) => sql.unsafe('CREATE TABLE checkpoint (inserted int)'));
    const checkpoint = (fail: boolean) =>
      writeEvents(opened.db, events(0, 3), {
        within: async (tx, { inserted }) => {
          await tx`INSERT INTO checkpoint VALUES (${inserted})`;
          if (fail) throw new Error('stopped');
        },
      });
    await expect(checkpoint(true)).rejects.toThrow('stopped');
    await expectLedger(0);
    expect(await checkpoint(false)).toEqual({ inserted: 3, duplicates: 0 });
    await expectLedger(3);
    expect([...(await opened.db.run((sql) => sql`SELECT inserted FROM checkpoint`))]).toEqual([
      { inserted: 3 },
    ]);
  });

  it('does not commit a transaction whose statement failed and was swallowed', async () => {
    const swallowed = writeEvents(opened.db, events(0, 3), {
      within: (tx) =>
        tx`SELECT 1/0`.then(
          () => undefined,
          () => undefined,
        ),
    });
    await expect(swallowed).rejects.toMatchObject({ code: 'commit_refused' });
    await expectLedger(0);
  });

  it('all or nothing: one bad event and none is stored', async () => {
    await expect(
      writeEvents(opened.db, [...events(0, 10), event(10, { event_id: 'x' })]),
    ).rejects.toMatchObject({
      code: '22P02',
    });
    await expectLedger(0);
  });

  it('stores sixteen concurrent writes of overlapping ids in opposite orders without a deadlock', async () => {
    const pools = Array.from({ length: 4 }, () => opened.connect({ maxConnections: 4 }));
    const random = createRandom(7);
    const all = events(0, 3_000).map((e) => ({
      ...e,
      occurred_at: new Date(Date.UTC(2024, 0, 1) + Math.floor(random() * 90 * 86_400_000)).toISOString(),
    }));
    const results = await Promise.all(
      Array.from({ length: 16 }, (_, i) => {
        const part = all.slice(i * 100, i * 100 + 1_500);
        return writeEvents(pools[i % 4]!, i % 2 ? part.reverse() : part);
      }),
    );
    expect(results.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(3_000);
    await expectLedger(3_000);
  });

  it('makes what partitions it needs, sixteen writers at once, over decades', async () => {
    const pools = Array.from({ length: 4 }, () => opened.connect({ maxConnections: 4 }));
    const instants = Array.from({ length: 60 }, (_, i) =>
      new Date(Date.UTC(1990, i * 7, 28, 23)).toISOString(),
    );
    await Promise.all(
      Array.from({ length: 16 }, (_, w) =>
        writeEvents(
          pools[w % 4]!,
          instants.map((occurred_at, i) => event(w * 100 + i, { occurred_at })),
        ),
      ),
    );
    await expectLedger(16 * 60);
  });
});

describe('monthly partitions', () => {
  let opened: OpenedDatabase;
  beforeEach(async () => {
    opened = await openDatabase('partitions');
  });
  afterEach(() => opened.close());

  const partitions = async () =>
    (
      await opened.db.run(
        (sql) => sql<{ name: string; bound: string }[]>`
          SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
          FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'events'::regclass ORDER BY 1`,
      )
    ).map(({ name, bound }) => `${name} ${bound}`);

  it('begin and end at UTC months, whatever the zone of server and session', async () => {
    await writeEvents(opened.db, [
      event(1, { occurred_at: '2024-02-29T23:59:59.999Z' }),
      event(2, { occurred_at: '2024-03-01T00:00:00.000Z' }),
      event(3, { occurred_at: '1999-12-31T23:59:59.999Z' }),
    ]);
    expect(await partitions()).toEqual([
      `events_1999_12 FOR VALUES FROM ('1999-12-01 00:00:00+00') TO ('2000-01-01 00:00:00+00')`,
      `events_2024_02 FOR VALUES FROM ('2024-02-01 00:00:00+00') TO ('2024-03-01 00:00:00+00')`,
      `events_2024_03 FOR VALUES FROM ('2024-03-01 00:00:00+00') TO ('2024-04-01 00:00:00+00')`,
    ]);
    const key = await opened.db.run(
      (sql) => sql<{ n: string }[]>`
        SELECT count(*) AS n FROM pg_index WHERE indisprimary AND indrelid = 'events_2024_03'::regclass`,
    );
    expect(key[0]?.n).toBe('1');
  });

  it('are made anew when somebody dropped one that was known', async () => {
    await writeEvents(opened.db, [event(1)]);
    await opened.db.run((sql) => sql.unsafe('DROP TABLE events_2024_03'));
    expect(await writeEvents(opened.db, [event(1)])).toEqual({ inserted: 1, duplicates: 0 });
  });

  it('are made while a write to another month is in progress, and give up when locked out for good', async () => {
    await writeEvents(opened.db, [event(1)]);
    await writeEvents(opened.db, [event(2)], {
      within: async () => {
        await writeEvents(opened.connect(), [event(3, { occurred_at: '2024-05-01T00:00:00.000Z' })]);
      },
    });
    expect(await partitions()).toHaveLength(2);
    await opened.db.transaction(async (sql) => {
      await sql`LOCK TABLE events IN ACCESS EXCLUSIVE MODE`;
      const other = opened.connect().run((s) => s`SELECT events_make_partitions('{2024-09-01}'::date[])`);
      await expect(other).rejects.toMatchObject({ code: '55P03' });
    });
  });
});
