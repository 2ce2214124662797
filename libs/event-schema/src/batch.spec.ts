import { parseJsonBatch } from './json-batch.js';
import { DEFAULT_LIMITS } from './limits.js';
import { parseNdjsonBatch } from './ndjson-batch.js';
import { BatchError } from './problems.js';

const options = { limits: DEFAULT_LIMITS, nowMs: Date.UTC(2024, 5, 1) };
const id = (n: number) => `018f4e5a-9c1b-7c3d-8e2f-${String(n).padStart(12, '0')}`;
const event = (n: number, change: Record<string, unknown> = {}) => ({
  event_id: id(n),
  user_id: 'u',
  event_type: 't',
  occurred_at: '2024-05-01T12:00:00Z',
  ...change,
});
const events = (count: number) => Array.from({ length: count }, (_, n) => event(n));
const json = (body: unknown) => Buffer.from(JSON.stringify(body));

const errorOf = (parse: () => unknown): BatchError => {
  try {
    parse();
  } catch (error) {
    if (error instanceof BatchError) return error;
    throw error;
  }
  throw new Error('no BatchError was thrown');
};

describe('parseJsonBatch', () => {
  test('tells the good events from the bad ones by their index', () => {
    const batch = parseJsonBatch(
      json({ events: [event(0), event(1, { user_id: '' }), event(2), 7] }),
      options,
    );
    expect(batch.total).toBe(4);
    expect(batch.accepted.map(({ index, event: { event_id } }) => [index, event_id])).toEqual([
      [0, id(0)],
      [2, id(2)],
    ]);
    expect(batch.problems.map(({ index, event_id }) => [index, event_id])).toEqual([
      [1, id(1)],
      [3, null],
    ]);
  });

  test.each<[string, Uint8Array, string]>([
    ['nothing', Buffer.from(''), 'invalid_json'],
    ['white space', Buffer.from(' \n'), 'invalid_json'],
    ['broken JSON', Buffer.from('{"events":[}'), 'invalid_json'],
    ['cut JSON', Buffer.from('{"events":[{"a":1'), 'invalid_json'],
    ['two values', Buffer.from('{} {}'), 'invalid_json'],
    ['NaN', Buffer.from('{"events":[NaN]}'), 'invalid_json'],
    ['a raw control character in a text', Buffer.from('{"events":["\n"]}'), 'invalid_json'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'invalid_utf8'],
    ['a surrogate encoded as UTF-8', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'invalid_utf8'],
    ['UTF-16', Buffer.from('\ufeff{"events":[]}', 'utf16le'), 'invalid_utf8'],
    ['an array', json([event(0)]), 'invalid_body'],
    ['null', json(null), 'invalid_body'],
    ['a text', json('x'), 'invalid_body'],
    ['an empty object', json({}), 'invalid_body'],
    ['events that are an object', json({ events: event(0) }), 'invalid_body'],
    ['events that are null', json({ events: null }), 'invalid_body'],
    ['another field', json({ events: [event(0)], partial: true }), 'invalid_body'],
    ['events of a prototype', Buffer.from('{"__proto__":{"events":[]}}'), 'invalid_body'],
    ['no events', json({ events: [] }), 'empty_batch'],
    ['2,001 events', json({ events: events(2001) }), 'too_many_events'],
    ['a depth of a million', Buffer.from('['.repeat(1e6) + ']'.repeat(1e6)), 'invalid_body'],
  ])('throws a BatchError for %s', (_, body, code) => {
    expect(errorOf(() => parseJsonBatch(body, options)).code).toBe(code);
  });

  test('says where the body is wrong', () => {
    expect(errorOf(() => parseJsonBatch(json({ event: [] }), options)).problems).toMatchObject([
      { path: 'event', code: 'unknown_field' },
      { path: 'events', code: 'required' },
    ]);
    expect(errorOf(() => parseJsonBatch(json({ events: 5 }), options)).problems).toMatchObject([
      { path: 'events', code: 'invalid_type', message: 'events must be an array, not a number.' },
    ]);
    expect(errorOf(() => parseJsonBatch(Buffer.from('{"events" 1}'), options)).message).toMatch(
      /character \d+/,
    );
  });

  test('never says what a parser says', () => {
    const { message } = errorOf(() => parseJsonBatch(Buffer.from('{"secret":tok}'), options));
    expect(message).toMatch(/^The body is not valid JSON: /);
    expect(message).not.toMatch(/secret|token|Unexpected/);
  });

  test('takes exactly the limit, and bytes with a mark or in the middle of a buffer', () => {
    expect(parseJsonBatch(json({ events: events(2000) }), options).accepted).toHaveLength(2000);
    const body = json({ events: [event(0)] });
    const marked = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), body]);
    expect(parseJsonBatch(marked, options).accepted).toHaveLength(1);
    const padded = Buffer.concat([Buffer.from('xx'), body, Buffer.from('yy')]);
    expect(parseJsonBatch(new Uint8Array(padded).subarray(2, -2), options).accepted).toHaveLength(1);
  });

  test('follows its own limits and clock', () => {
    const limits = { ...DEFAULT_LIMITS, maxUserIdLength: 3, maxEventsPerRequest: 2, maxFutureMs: 1000 };
    const nowMs = Date.parse('2024-05-01T11:59:59Z');
    const parse = (change: Record<string, unknown>, at = nowMs) =>
      parseJsonBatch(json({ events: [event(0, change)] }), { limits, nowMs: at }).problems.map(
        ({ code }) => code,
      );
    expect(parse({ user_id: 'abc' })).toEqual([]);
    expect(parse({ user_id: 'abcd' })).toEqual(['too_long']);
    expect(parse({}, nowMs - 1)).toEqual(['timestamp_in_future']);
    expect(parse({})).toEqual([]);
    expect(errorOf(() => parseJsonBatch(json({ events: events(3) }), { limits, nowMs })).code).toBe(
      'too_many_events',
    );
  });

  test('lists every bad event, and less of each when they are many', () => {
    const bad = { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 };
    const { problems } = parseJsonBatch(json({ events: Array.from({ length: 2000 }, () => bad) }), options);
    expect(new Set(problems.map(({ index }) => index)).size).toBe(2000);
    expect(problems.length).toBeLessThanOrEqual(4_010);
  });
});

describe('parseNdjsonBatch', () => {
  test('reads a line an event, and names a bad line by its number', () => {
    const lines = [
      JSON.stringify(event(0)),
      '',
      '{"event_id":',
      ' \t',
      JSON.stringify(event(3, { user_id: '' })),
      'null',
      JSON.stringify(event(5)),
    ];
    const batch = parseNdjsonBatch(Buffer.from(lines.join('\r\n')), options);
    expect(batch.total).toBe(5);
    expect(batch.accepted.map(({ index }) => index)).toEqual([0, 4]);
    expect(batch.problems.map(({ index, line, code, event_id }) => [index, line, code, event_id])).toEqual([
      [1, 3, 'invalid_json', null],
      [2, 5, 'too_short', id(3)],
      [3, 6, 'invalid_type', null],
    ]);
  });

  test('needs no newline at the end, and passes over a mark', () => {
    const body = `\ufeff${JSON.stringify(event(0))}\n${JSON.stringify(event(1))}`;
    expect(parseNdjsonBatch(Buffer.from(body), options).accepted).toHaveLength(2);
    expect(parseNdjsonBatch(Buffer.from(`${body}\n\n`), options).accepted).toHaveLength(2);
  });

  test.each<[string, Uint8Array, string]>([
    ['nothing', Buffer.from(''), 'empty_batch'],
    ['blank lines', Buffer.from('\n \r\n\t\n'), 'empty_batch'],
    ['no UTF-8', Buffer.from([0xc3, 0x28]), 'invalid_utf8'],
    ['2,001 lines', Buffer.from('{}\n'.repeat(2001)), 'too_many_events'],
  ])('throws a BatchError for %s', (_, body, code) => {
    expect(errorOf(() => parseNdjsonBatch(body, options)).code).toBe(code);
  });

  test('a body of {"events":[…]} is one bad event', () => {
    expect(
      parseNdjsonBatch(json({ events: [event(0)] }), options).problems.map(({ code }) => code),
    ).toContain('unknown_field');
  });
});
