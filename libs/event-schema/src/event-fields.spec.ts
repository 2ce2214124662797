import { parseJsonBatch } from './json-batch.js';
import { DEFAULT_LIMITS, MAX_PROBLEMS_PER_EVENT } from './limits.js';

const nowMs = Date.UTC(2024, 5, 1);
const ID = '018f4e5a-9c1b-7c3d-8e2f-0123456789ab';
const GOOD = {
  event_id: ID,
  user_id: 'user-1',
  event_type: 'page_view',
  occurred_at: '2024-05-01T12:00:00.000Z',
};

/** The one event of a batch, its JSON text as given. */
const parseEventText = (text: string) =>
  parseJsonBatch(Buffer.from(`{"events":[${text}]}`), { limits: DEFAULT_LIMITS, nowMs });
const parseEvent = (event: unknown) => parseEventText(JSON.stringify(event));
const found = (event: unknown) => parseEvent(event).problems.map(({ path, code }) => `${path} ${code}`);

describe('a good event', () => {
  test('is taken as it is, with properties {} when there are none', () => {
    expect(parseEvent(GOOD)).toEqual({
      total: 1,
      accepted: [{ index: 0, event: { ...GOOD, properties: {} } }],
      problems: [],
    });
  });

  test.each([
    ['upper case', ID.toUpperCase()],
    ['the nil UUID', '00000000-0000-0000-0000-000000000000'],
    ['version 1', 'a1b2c3d4-0000-11ee-8000-0123456789ab'],
    ['version 4', '9f1c2d3e-4b5a-4c6d-9e7f-0123456789ab'],
    ['no version at all', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
  ])('may have an event_id of %s', (_, id) => {
    expect(parseEvent({ ...GOOD, event_id: id }).accepted[0]?.event.event_id).toBe(id.toLowerCase());
  });

  test.each([
    ['one character', 'u'],
    ['256 characters', 'u'.repeat(256)],
    ['256 code points that take 512 UTF-16 units', '😀'.repeat(256)],
    ['a space', ' '],
    ['quotes and backslashes', `"\\'`],
    ['a line separator, which is no control character', 'a\u2028b'],
    ['another script', 'пользователь-١'],
  ])('may have a user_id of %s', (_, user_id) => {
    expect(parseEvent({ ...GOOD, user_id }).accepted[0]?.event.user_id).toBe(user_id);
  });
});

describe('a bad field', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['event_id of another form', { event_id: 'abc' }, ['event_id invalid_uuid']],
    ['event_id empty', { event_id: '' }, ['event_id invalid_uuid']],
    ['event_id in braces', { event_id: `{${ID}}` }, ['event_id invalid_uuid']],
    ['event_id without dashes', { event_id: ID.replaceAll('-', '') }, ['event_id invalid_uuid']],
    ['event_id with a line break', { event_id: `${ID}\n` }, ['event_id invalid_uuid']],
    ['event_id of 3 KB', { event_id: 'a'.repeat(3072) }, ['event_id invalid_uuid']],
    ['event_id a number', { event_id: 5 }, ['event_id invalid_type']],
    ['event_id null', { event_id: null }, ['event_id invalid_type']],
    ['event_id missing', { event_id: undefined }, ['event_id required']],
    ['user_id missing', { user_id: undefined }, ['user_id required']],
    ['user_id empty', { user_id: '' }, ['user_id too_short']],
    ['user_id a number', { user_id: 42 }, ['user_id invalid_type']],
    ['user_id an object', { user_id: {} }, ['user_id invalid_type']],
    ['user_id of 257', { user_id: 'u'.repeat(257) }, ['user_id too_long']],
    ['user_id of 257 pairs', { user_id: '😀'.repeat(257) }, ['user_id too_long']],
    ['user_id of 10 KB', { user_id: 'u'.repeat(10_240) }, ['user_id too_long']],
    ['user_id with CRLF', { user_id: 'a\r\nb' }, ['user_id control_character']],
    ['user_id with DEL', { user_id: 'a\u007f' }, ['user_id control_character']],
    ['user_id with C1', { user_id: 'a\u0085' }, ['user_id control_character']],
    ['user_id with NUL', { user_id: 'a\0' }, ['user_id nul_character']],
    [
      'user_id with NUL and tab',
      { user_id: 'a\0\t' },
      ['user_id nul_character', 'user_id control_character'],
    ],
    ['user_id half a pair', { user_id: 'a\ud800' }, ['user_id lone_surrogate']],
    ['user_id halves swapped', { user_id: '\udc00\ud800' }, ['user_id lone_surrogate']],
    ['event_type missing', { event_type: undefined }, ['event_type required']],
    ['event_type empty', { event_type: '' }, ['event_type too_short']],
    ['event_type of 129', { event_type: 't'.repeat(129) }, ['event_type too_long']],
    ['event_type with a tab', { event_type: 'a\tb' }, ['event_type control_character']],
    ['event_type true', { event_type: true }, ['event_type invalid_type']],
    ['occurred_at missing', { occurred_at: undefined }, ['occurred_at required']],
    ['occurred_at epoch ms', { occurred_at: 1714560000000 }, ['occurred_at invalid_type']],
    ['occurred_at a date', { occurred_at: '2024-05-01' }, ['occurred_at invalid_timestamp']],
    ['properties null', { properties: null }, ['properties invalid_type']],
    ['properties an array', { properties: [] }, ['properties invalid_type']],
    ['properties a text', { properties: '{}' }, ['properties invalid_type']],
    ['an unknown field', { ip: '::1' }, ['ip unknown_field']],
    [
      'unknown fields of Object.prototype',
      { constructor: 1, toString: 2 },
      ['constructor unknown_field', 'toString unknown_field'],
    ],
    ['a field in other letters', { User_ID: 'u' }, ['User_ID unknown_field']],
    [
      'everything at once',
      { event_id: 1, user_id: '', event_type: '', occurred_at: '', x: 1 },
      [
        'event_id invalid_type',
        'user_id too_short',
        'event_type too_short',
        'occurred_at invalid_timestamp',
        'x unknown_field',
      ],
    ],
  ])('%s', (_, change, problems) => {
    expect(found({ ...GOOD, ...change })).toEqual(problems);
  });

  test.each([
    ['null', null],
    ['a number', 5],
    ['a text', 'x'],
    ['an array', [GOOD]],
  ])('%s in the place of an event', (_, event) => {
    expect(parseEvent(event).problems).toMatchObject([
      { index: 0, event_id: null, path: '', code: 'invalid_type' },
    ]);
  });

  test('__proto__ is an unknown field and sets no prototype', () => {
    const text = JSON.stringify(GOOD).replace('{', '{"__proto__":{"user_id":"x","polluted":1},');
    expect(parseEventText(text).problems).toMatchObject([{ path: '__proto__', code: 'unknown_field' }]);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  test('a field that only a prototype has is missing', () => {
    const { user_id: _, ...rest } = GOOD;
    const text = JSON.stringify(rest).replace('{', '{"__proto__":{"user_id":"x"},');
    expect(parseEventText(text).problems.map(({ code }) => code)).toEqual(['required', 'unknown_field']);
  });
});

describe('what is said of a bad event', () => {
  test('names the event by index and id as sent', () => {
    const sent = ID.toUpperCase();
    expect(parseEvent({ ...GOOD, event_id: sent, user_id: '' }).problems).toEqual([
      {
        index: 0,
        event_id: sent,
        path: 'user_id',
        code: 'too_short',
        message: 'user_id is empty: send 1 to 256 characters.',
      },
    ]);
  });

  test('gives no id that is no UUID', () => {
    expect(parseEvent({ ...GOOD, event_id: 'x'.repeat(5000) }).problems[0]?.event_id).toBeNull();
  });

  test('is bounded', () => {
    const fields = Object.fromEntries(
      Array.from({ length: 500 }, (_, at) => [`field_${at}${'x'.repeat(500)}`, 1]),
    );
    const { problems } = parseEvent({ ...GOOD, ...fields, user_id: 'u'.repeat(100_000) });
    expect(problems).toHaveLength(MAX_PROBLEMS_PER_EVENT);
    for (const { path, message } of problems) {
      expect(path.length).toBeLessThanOrEqual(256);
      expect(message.length).toBeLessThan(500);
    }
  });

  test('quotes a value on one line and in well-formed Unicode', () => {
    const [problem] = parseEvent({ ...GOOD, occurred_at: 'a\r\n\u0000\u001b[31m\u202e\ud800"' }).problems;
    expect(problem?.message).toContain('"a\\r\\n\\u0000\\u001b[31m\\u202e\\ud800\\""');
    expect(problem?.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
  });
});
