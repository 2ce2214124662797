import { Readable } from 'node:stream';
import { DEFAULT_LIMITS } from '@event-analytics/event-schema';

import { CSV, NDJSON } from '../../test/settings.js';
import { readChunks } from './read-chunks.js';
import type { ReadSettings } from './read-settings.js';

const NOW = Date.parse('2024-12-05T00:00:00Z');
const ID = '018f4e5a-9c1b-7c3d-8e2f-0123456789ab';
const AT = '2024-03-04T10:00:00.000Z';

type Read = { event: Record<string, unknown>; row: string } | { line: number; code: string; message: string };

/** Each row in the order of the text, both ways of judging it. */
async function read(text: string | Uint8Array, settings: ReadSettings): Promise<Read[]> {
  const all = await Promise.all(
    [true, false].map(async (fast) => {
      const reading = await readChunks('-', settings, {
        stdin: Readable.from([Buffer.from(text)], { objectMode: false }),
        limits: DEFAULT_LIMITS,
        clock: () => NOW,
        signal: new AbortController().signal,
        chunkBytes: 1_000,
        maxRowBytes: 10_000,
        done: new Map(),
        fast,
      });
      const rows: { line: number; is: Read }[] = [];
      for await (const chunk of reading.chunks) {
        const judged = await chunk.judge();
        judged.events.forEach((event, i) => {
          const { line, bytes } = judged.rowOf(i);
          const { event_id, user_id, event_type, occurred_at } = event;
          const properties: unknown =
            'properties' in event ? event.properties : JSON.parse(event.properties_json);
          const fields = { event_id, user_id, event_type, occurred_at, properties };
          rows.push({ line, is: { event: fields, row: Buffer.from(bytes).toString() } });
        });
        for (const { line, code, message } of judged.rejected)
          rows.push({ line, is: { line, code, message } });
      }
      return rows.sort((a, b) => a.line - b.line).map(({ is }) => is);
    }),
  );
  expect(all[0]).toEqual(all[1]);
  return all[0] ?? [];
}

const event = (more: Record<string, unknown> = {}): unknown => ({
  event: { event_id: ID, user_id: 'u1', event_type: 'view', occurred_at: AT, properties: {}, ...more },
  row: expect.any(String) as string,
});

describe('columns of CSV', () => {
  it('may be named otherwise, stand in any order and be ignored', async () => {
    const text = `when,who,x,what,id\n${AT},u1,"more, ""x""",view,${ID}\n`;
    const columns = {
      event_id: 'id',
      user_id: 'who',
      event_type: 'what',
      occurred_at: 'when',
      properties: '',
    };
    expect(await read(text, { ...CSV, columns, extraColumns: 'ignore' })).toEqual([event()]);
    await expect(read(text, { ...CSV, columns })).rejects.toThrow('columns unknown: "x"');
  });

  it('may be put into properties, in which the column of properties comes first', async () => {
    const text = `event_id,occurred_at,user_id,event_type,properties_json,plan,city,__proto__\n${[
      `${ID},${AT},u1,view,,pro,,`,
      `${ID},${AT},u1,view,"{""city"":""Rome"",""n"":1}",pro,Paris,x`,
      `${ID},${AT},u1,view,{ },pro,"a""b",`,
      `${ID},${AT},u1,view,[],pro,,`,
      `${ID},${AT},u1,view,{},,,`,
    ].join('\n')}\n`;
    const rows = await read(text, { ...CSV, extraColumns: 'properties' });
    expect(rows).toEqual([
      event({ properties: { plan: 'pro' } }),
      event({ properties: JSON.parse('{"plan":"pro","city":"Rome","n":1,"__proto__":"x"}') as unknown }),
      event({ properties: { plan: 'pro', city: 'a"b' } }),
      expect.objectContaining({ code: 'invalid_type' }),
      event(),
    ]);
  });

  it('may be missing where something takes their place', async () => {
    const text = `occurred_at,user_id\n${AT},u1\n`;
    const settings: ReadSettings = { ...CSV, defaultEventType: 'view', columns: { properties: '' } };
    await expect(read(text, settings)).rejects.toThrow('columns missing: "event_id"');
    const rows = await read(text, { ...settings, eventIdFrom: ['user_id', 'occurred_at'] });
    expect(rows).toEqual([event({ event_id: '3d853d1a-5cfa-53e1-b149-ddfb9defd47e' })]);
  });
});

describe('ids made of other fields', () => {
  it('are the same for the same texts, as any UUIDv5 of them', async () => {
    const settings: ReadSettings = { ...CSV, eventIdFrom: ['event_id'], columns: { event_id: 'message' } };
    const text = `message,occurred_at,user_id,event_type,properties_json\nmessage-1,${AT},u1,view,\n,${AT},u1,view,\n`;
    expect(await read(text, settings)).toEqual([
      event({ event_id: 'e2ed9438-452c-5304-9b07-8396c56e2b51' }),
      { line: 3, code: 'required', message: 'event_id cannot be made: event_id is empty.' },
    ]);
  });

  it('are made of values of JSON as they are written', async () => {
    const settings: ReadSettings = { ...NDJSON, eventIdFrom: ['user_id', 'event_type', 'properties'] };
    const line = `{"user_id":"42","event_type":"view","occurred_at":"${AT}","properties":{"a":1}}\n`;
    const expected = event({
      event_id: '760af54a-81ea-530b-95b4-daad23c6d0a9',
      user_id: '42',
      properties: { a: 1 },
    });
    expect(await read(line, settings)).toEqual([expected]);
  });
});

describe('timestamps', () => {
  const instants = async (
    cells: string[],
    settings: Partial<ReadSettings>,
  ): Promise<(string | undefined)[]> => {
    const text = `event_id,occurred_at,user_id,event_type,properties_json\n${cells
      .map((cell) => `${ID},${cell},u1,view,\n`)
      .join('')}`;
    const rows = await read(text, { ...CSV, ...settings });
    return rows.map((row) => ('event' in row ? String(row.event['occurred_at']) : row.code));
  };

  it('may be numbers since 1970, cut off to milliseconds', async () => {
    const seconds = [
      '1709546400',
      '1709546400.1239',
      '1709546400.',
      '1.7e9',
      '',
      '2024-03-04T10:00:00Z',
      '-1',
    ];
    expect(await instants(seconds, { timestamps: 'epoch-seconds' })).toEqual([
      '2024-03-04T10:00:00.000Z',
      '2024-03-04T10:00:00.123Z',
      ...Array<string>(4).fill('invalid_timestamp'),
      'timestamp_too_old',
    ]);
    const milliseconds = ['1709546400000', '1709546400123.9', '1709546400', '99999999999999999'];
    expect(await instants(milliseconds, { timestamps: 'epoch-milliseconds' })).toEqual([
      '2024-03-04T10:00:00.000Z',
      '2024-03-04T10:00:00.123Z',
      'timestamp_too_old',
      'invalid_timestamp',
    ]);
  });

  it('without an offset are of the zone that is named, or none', async () => {
    const cells = [
      '2024-03-04 10:00:00',
      '2024-07-04T10:00:00.1239',
      '2024-07-04 10:00',
      '2024-07-04 10:00:00+00',
      '2024-07-04 10:00:00.5-0330',
      '2024-07-04t10:00:00z',
      '2024-10-27 02:30:00',
      '2024-03-31 02:30:00',
      '2024-02-30 10:00:00',
      '2024-07-04',
      'yesterday',
    ];
    expect(await instants(cells, { timezone: 'Europe/Berlin' })).toEqual([
      '2024-03-04T09:00:00.000Z',
      '2024-07-04T08:00:00.123Z',
      '2024-07-04T08:00:00.000Z',
      '2024-07-04T10:00:00.000Z',
      '2024-07-04T13:30:00.500Z',
      '2024-07-04T10:00:00.000Z',
      '2024-10-27T00:30:00.000Z',
      ...Array<string>(4).fill('invalid_timestamp'),
    ]);
    expect(await instants(cells.slice(0, 5), {})).toEqual(Array<string>(5).fill('invalid_timestamp'));
  });

  it('that the clock skipped are named', async () => {
    const text = `event_id,occurred_at,user_id,event_type,properties_json\n${ID},2024-03-31 02:30:00,u1,view,\n`;
    expect(await read(text, { ...CSV, timezone: 'Europe/Berlin' })).toMatchObject([
      { line: 2, message: expect.stringContaining('Europe/Berlin, whose clock skipped it') as string },
    ]);
  });
});

describe('escaped cells', () => {
  const HEADER = 'event_id,occurred_at,user_id,event_type,properties_json,escaped\n';
  const row = (user: string, type: string, escaped: string): string =>
    `${ID},${AT},${user},${type},,${escaped}\n`;

  it('lose the first of their quotes where that was added', async () => {
    const text = [
      row('u1', 'view', ''),
      row("'=1+1", 'view', 'user_id'),
      row("''", "'@x", 'user_id event_type'),
      row("'quoted", 'view', ''),
    ].join('');
    expect(await read(HEADER + text, CSV)).toEqual([
      event(),
      event({ user_id: '=1+1' }),
      event({ user_id: "'", event_type: '@x' }),
      event({ user_id: "'quoted" }),
    ]);
  });

  it('are refused where none was', async () => {
    const text = [
      row('=1', 'view', 'user_id'),
      row("'=1", 'view', 'userid'),
      row("'", 'view', 'user_id'),
    ].join('');
    expect(await read(HEADER + text, CSV)).toMatchObject([
      { line: 2, code: 'invalid_escape' },
      { line: 3, code: 'invalid_escape' },
      { line: 4, code: 'too_short' },
    ]);
  });
});

describe('lines of JSON', () => {
  const line = (more: object): string =>
    `${JSON.stringify({ event_id: ID, user_id: 'u1', event_type: 'view', occurred_at: AT, ...more })}\n`;

  it('hold an event as POST /events takes it', async () => {
    const text = [
      line({ properties: { a: 1 } }),
      line({ more: 1 }),
      line({ user_id: 42 }),
      line({ occurred_at: 1709546400 }),
      line({ properties: null }),
      '{"a":1\n',
      line({}).replace('"u1"', '"u1","properties":{"n":12345678901234567890}'),
      '[]\n',
    ].join('');
    expect(await read(text, NDJSON)).toMatchObject([
      event({ properties: { a: 1 } }),
      { line: 2, code: 'unknown_field' },
      {
        line: 3,
        code: 'invalid_type',
        message: expect.stringContaining("jq -c '.user_id |= tostring'") as string,
      },
      { line: 4, code: 'invalid_type', message: expect.stringContaining('--timestamps') as string },
      { line: 5, code: 'invalid_type' },
      { line: 6, code: 'invalid_json' },
      { line: 7, code: 'number_precision' },
      { line: 8, code: 'invalid_type' },
    ]);
  });

  it('may hold the fields elsewhere', async () => {
    const settings: ReadSettings = {
      ...NDJSON,
      columns: {
        event_id: 'meta.id',
        user_id: 'user.id',
        event_type: 'a.b',
        occurred_at: 'ts',
        properties: 'data',
      },
      timestamps: 'epoch-milliseconds',
    };
    const record = {
      meta: { id: ID },
      user: { id: 'u1', plan: 'pro' },
      'a.b': 'view',
      ts: 1709546400000,
      data: { x: 1 },
    };
    const text = `${JSON.stringify(record)}\n${JSON.stringify({ ...record, extra: 1 })}\n`;
    expect(await read(text, settings)).toMatchObject([
      event({ properties: { x: 1 } }),
      { line: 2, code: 'unknown_field', message: expect.stringContaining('extra') as string },
    ]);
    expect(await read(text, { ...settings, extraColumns: 'ignore' })).toMatchObject([
      event({ properties: { x: 1 } }),
      event({ properties: { x: 1 } }),
    ]);
    expect(await read(text, { ...settings, extraColumns: 'properties' })).toMatchObject([
      event({ properties: { x: 1, user: { id: 'u1', plan: 'pro' }, meta: { id: ID } } }),
      event({ properties: { x: 1, user: { id: 'u1', plan: 'pro' }, meta: { id: ID }, extra: 1 } }),
    ]);
  });

  it('are refused for a field that another is mapped to', async () => {
    const settings: ReadSettings = { ...NDJSON, columns: { user_id: 'distinct_id' } };
    const text = line({ distinct_id: 'u2' });
    expect(await read(text, settings)).toMatchObject([
      {
        code: 'unknown_field',
        message: '"user_id" is no field that is read: see --map and --extra-columns.',
      },
    ]);
    expect(await read(text, { ...settings, extraColumns: 'properties' })).toMatchObject([
      event({ user_id: 'u2', properties: { user_id: 'u1' } }),
    ]);
    const made: ReadSettings = { ...NDJSON, eventIdFrom: ['user_id'] };
    expect(await read(line({}), made)).toMatchObject([{ code: 'unknown_field' }]);
  });

  it('may name no event_type, and hold properties as a text', async () => {
    const { event_type: _, ...rest } = { event_id: ID, user_id: 'u1', event_type: '', occurred_at: AT };
    const text = [
      JSON.stringify({ ...rest, properties: '{"a":1}' }),
      JSON.stringify({ ...rest, event_type: null, properties: '' }),
      JSON.stringify({ ...rest, event_type: 'click', properties: '{"a":' }),
    ].join('\n');
    expect(await read(text, { ...NDJSON, defaultEventType: 'view' })).toMatchObject([
      event({ properties: { a: 1 } }),
      event(),
      { line: 3, code: 'invalid_json' },
    ]);
  });
});

describe('presets', () => {
  it('read the records of their products, of the formats that those have', async () => {
    const record = {
      event: 'view',
      properties: { time: 1709546400, distinct_id: 'u1', $insert_id: ID, plan: 'pro' },
    };
    const [row] = await read(JSON.stringify(record), { ...NDJSON, preset: 'mixpanel' });
    expect(row).toMatchObject({ event: { user_id: 'u1', event_type: 'view', occurred_at: AT } });
    await expect(read('a,b\n', { ...CSV, preset: 'mixpanel' })).rejects.toThrow(
      '--preset mixpanel is for ndjson',
    );
  });
});

describe('a reject file', () => {
  const HEADER = 'line,code,message,row\n';
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

  it('holds rows of CSV below their header, which are read as the input would be', async () => {
    const columns = 'occurred_at,event_id,user_id,event_type,properties_json';
    const text = [
      `1,header,"the header",${quoted(columns)}`,
      `7,invalid_uuid,"was none",${quoted(`${AT},${ID},u1,view,"{""a"":\n1}"`)}`,
      `12,unclosed_quote,"still",${quoted(`${AT},${ID},u1,view,"{`)}`,
      `13,invalid_csv,"two",${quoted(`${AT},${ID},u1,view,\n${AT},${ID},u1,view,`)}`,
      '14,x',
      `15,too_long,"m",${quoted(`${AT},${ID},caf\u00e9,view,`)}`,
    ].join('\n');
    expect(await read(HEADER + text, CSV)).toEqual([
      { ...(event({ properties: { a: 1 } }) as object), row: `${AT},${ID},u1,view,"{""a"":\n1}"` },
      expect.objectContaining({ line: 5, code: 'unclosed_quote' }),
      expect.objectContaining({ line: 6, code: 'invalid_csv' }),
      expect.objectContaining({ line: 8, code: 'wrong_column_count' }),
      event({ user_id: 'caf\u00e9' }),
    ]);
    await expect(read(`${HEADER}7,invalid_uuid,"m","x"\n`, CSV)).rejects.toThrow(
      'without the header of its rows',
    );
  });

  it('keeps the bytes of rows that are no UTF-8', async () => {
    const columns = 'event_id,occurred_at,user_id,event_type,properties_json';
    const text = Buffer.from(
      `${HEADER}1,header,"m",${quoted(columns)}\n2,invalid_utf8,"m",${quoted(`${ID},${AT},caf\xe9,view,`)}\n`,
      'latin1',
    );
    expect(await read(text, CSV)).toMatchObject([{ line: 3, code: 'invalid_utf8' }]);
  });

  it('holds lines of JSON', async () => {
    const line = JSON.stringify({ event_id: ID, user_id: 'u1', event_type: 'view', occurred_at: AT });
    const text = `${HEADER}7,invalid_json,"m",${quoted(line)}\n8,invalid_json,"m","{"\n`;
    expect(await read(text, NDJSON)).toMatchObject([
      { ...(event() as object), row: line },
      { line: 3, code: 'invalid_json' },
    ]);
  });
});
