import { setTimeout as sleep } from 'node:timers/promises';
import type { AcceptedEvent } from '@event-analytics/event-schema';
import {
  exportEvents,
  writeEvents,
  type Database,
  type EventSelection,
  type ExportForm,
} from '../src/index.js';
import { event, eventId, events } from './event-makers.js';
import { openDatabase, storages, type OpenedDatabase } from './test-database.js';

/** More than what sockets on the way can hold. */
const MANY = 20_000;

describe.each(storages)('exportEvents on %s', (storage) => {
  let opened: OpenedDatabase;
  let db: Database;
  beforeAll(async () => {
    opened = await openDatabase(storage);
    db = opened.db;
  });
  afterAll(() => opened.close());
  beforeEach(() => db.run((sql) => sql.unsafe('TRUNCATE events')));

  const write = async (written: AcceptedEvent[]): Promise<void> => {
    for (let at = 0; at < written.length; at += 5_000) await writeEvents(db, written.slice(at, at + 5_000));
  };
  const writeMany = () =>
    write(events(0, MANY).map((one) => ({ ...one, properties: { text: 'x'.repeat(1_000) } })));
  const textOf = (selection: EventSelection & { form: ExportForm }): Promise<string> =>
    exportEvents(db, selection, async (pieces) => {
      const read: Uint8Array[] = [];
      for await (const piece of pieces) read.push(piece);
      return Buffer.concat(read).toString();
    });
  const exported = async (selection: EventSelection = {}): Promise<AcceptedEvent[]> => {
    const text = await textOf({ ...selection, form: 'ndjson' });
    expect(text === '' || text.endsWith('\n')).toBe(true);
    return text
      .split('\n')
      .slice(0, -1)
      .map((line): AcceptedEvent => JSON.parse(line));
  };
  const idsOf = async (selection: EventSelection): Promise<string[]> =>
    (await exported(selection)).map(({ event_id }) => event_id).sort();
  const exporting = () =>
    db.run(
      (sql) => sql<{ wait_event: string | null }[]>`
        SELECT wait_event FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'active' AND query LIKE 'COPY%'`,
    );

  const odd: AcceptedEvent[] = [
    event(1, { user_id: '=1+1', event_type: '@x', properties: { a: ' , "b"\n\t\\ \u2028 🐈' } }),
    event(2, { user_id: "'quoted", event_type: '-', occurred_at: '2024-01-31T23:59:59.999Z' }),
    event(3, { user_id: '+49 1', event_type: 'a,b "c"', occurred_at: '1999-12-31T23:59:59.001Z' }),
    event(4, { user_id: 'Zoë 🐈', event_type: '\\.', properties: { n: [1.5, -0.25, 1e21, null], '': {} } }),
    event(5, { user_id: '\u2028', event_type: 'plain = not', properties: {} }),
  ];

  it('writes events as POST /events takes them', async () => {
    await write(odd);
    const byId = (a: AcceptedEvent, b: AcceptedEvent): number => (a.event_id < b.event_id ? -1 : 1);
    expect((await exported()).sort(byId)).toEqual(odd.toSorted(byId));
    expect((await textOf({ form: 'ndjson' })).split('\n')).toContain(
      `{"event_id":"${eventId(5)}","user_id":"\u2028","event_type":"plain = not","occurred_at":"2024-03-04T10:00:00.000Z","properties":{}}`,
    );
  });

  it('writes CSV in which no cell is a formula', async () => {
    await write(odd);
    const lines = (await textOf({ form: 'csv' })).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.sort()).toEqual(
      [
        `${eventId(1)},2024-03-04T10:00:00.000Z,'=1+1,'@x,"{""a"": "" , \\""b\\""\\n\\t\\\\ \u2028 🐈""}",user_id event_type`,
        `${eventId(2)},2024-01-31T23:59:59.999Z,''quoted,'-,"{""n"": 2}",user_id event_type`,
        `${eventId(3)},1999-12-31T23:59:59.001Z,'+49 1,"a,b ""c""","{""n"": 3}",user_id`,
        `${eventId(4)},2024-03-04T10:00:00.000Z,Zoë 🐈,\\.,"{"""": {}, ""n"": [1.5, -0.25, 1000000000000000000000, null]}",`,
        `${eventId(5)},2024-03-04T10:00:00.000Z,\u2028,plain = not,{},`,
      ].sort(),
    );
  });

  it('writes rows as they are', async () => {
    await write(odd.slice(0, 1));
    expect(await textOf({ form: 'rows' })).toBe(
      `${eventId(1)},2024-03-04T10:00:00.000Z,=1+1,@x,"{""a"": "" , \\""b\\""\\n\\t\\\\ \u2028 🐈""}"\n`,
    );
  });

  it('takes a range, types and users, whatever they are called', async () => {
    const hostile = `x'); DROP TABLE events; --{},"\\`;
    const at = (day: string): string => `2024-${day}T00:00:00.000Z`;
    await write([
      event(1, { occurred_at: at('01-31') }),
      event(2, { occurred_at: at('02-01'), event_type: hostile }),
      event(3, { occurred_at: at('02-01'), user_id: hostile }),
      event(4, { occurred_at: at('03-01'), event_type: hostile, user_id: hostile }),
    ]);
    const february = { fromMs: Date.parse(at('02-01')), toMs: Date.parse(at('03-01')) };
    expect(await idsOf(february)).toEqual([2, 3].map(eventId).sort());
    expect(await idsOf({ eventTypes: [hostile] })).toEqual([2, 4].map(eventId).sort());
    expect(await idsOf({ eventTypes: ['page_view', 'other'], userIds: ['user-1', hostile] })).toEqual(
      [1, 3].map(eventId).sort(),
    );
    expect(await idsOf({ ...february, eventTypes: [hostile], userIds: [hostile] })).toEqual([]);
    expect(await idsOf({ eventTypes: [] })).toEqual([]);
    expect(await idsOf({})).toHaveLength(4);
  });

  it('comes in the same order again', async () => {
    await write(
      events(0, 3_000).map((one, i) => ({ ...one, occurred_at: `2024-0${1 + (i % 5)}-01T00:00:00.000Z` })),
    );
    const first = await textOf({ form: 'csv' });
    expect(first.split('\n')).toHaveLength(3_001);
    expect(await textOf({ form: 'csv' })).toBe(first);
  });

  it('is of one instant, and keeps the server waiting for a slow reader', async () => {
    await writeMany();
    let bytes = 0;
    await exportEvents(db, { form: 'ndjson' }, async (pieces) => {
      for await (const piece of pieces) {
        if (bytes === 0) {
          await write(events(MANY, MANY + 100));
          while ((await exporting())[0]?.wait_event !== 'ClientWrite') await sleep(10);
        }
        bytes += piece.length;
      }
    });
    const perEvent = `{"event_id":"${eventId(1)}","user_id":"user-","event_type":"page_view","occurred_at":"2024-03-04T10:00:00.000Z","properties":{"text": "${'x'.repeat(1_000)}"}}\n`;
    const digits = Array.from({ length: MANY }, (_, n) => String(n).length).reduce((sum, n) => sum + n);
    expect(bytes).toBe(MANY * perEvent.length + digits);
  });

  it.each(['returns', 'throws'])('stops the server when the reader %s early', async (how) => {
    await writeMany();
    const stopped = exportEvents(db, { form: 'csv' }, async (pieces) => {
      for await (const piece of pieces) {
        if (how === 'throws') throw new Error('disk full');
        return piece.length;
      }
      return undefined;
    });
    if (how === 'throws') await expect(stopped).rejects.toThrow('disk full');
    else expect(await stopped).toBeGreaterThan(0);
    expect(await exporting()).toEqual([]);
    // Nothing is left in the way of the next.
    expect(await idsOf({ userIds: ['user-7'] })).toEqual([eventId(7)]);
  });

  it('fails when the connection is lost on the way, and when the database has no tables', async () => {
    await writeMany();
    const cut = exportEvents(db, { form: 'csv' }, async (pieces) => {
      let bytes = 0;
      for await (const piece of pieces) {
        if (bytes === 0) {
          await db.run(
            (sql) => sql`
              SELECT pg_terminate_backend(pid) FROM pg_stat_activity
              WHERE datname = current_database() AND query LIKE 'COPY%'`,
          );
        }
        bytes += piece.length;
      }
      return bytes;
    });
    await expect(cut).rejects.toThrow(/lost|terminat|CONNECTION|closed/i);
    await expect(
      exportEvents(opened.connect({ url: opened.url.replace(/[^/]+$/, 'postgres') }), { form: 'csv' }, () =>
        Promise.resolve(),
      ),
    ).rejects.toMatchObject({ code: '42P01' });
  });
});
