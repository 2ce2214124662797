import fc from 'fast-check';
import { eventsQuery } from './events-query.js';
import { PARAMETER_PROBLEM_CODES } from './parameter-problem.js';
import { parseQuery } from './parse-query.js';
import {
  activeUsersQuery,
  dauQuery,
  eventCountsQuery,
  funnelQuery,
  retentionQuery,
  stickinessQuery,
  topEventsQuery,
} from './stats-queries.js';

const SCHEMAS = {
  events: eventsQuery,
  dau: dauQuery,
  'active-users': activeUsersQuery,
  'top-events': topEventsQuery,
  retention: retentionQuery,
  stickiness: stickinessQuery,
  funnel: funnelQuery,
  'event-counts': eventCountsQuery,
};
type Name = keyof typeof SCHEMAS;

/** A query as Express' simple parser gives it: texts, arrays of texts, no prototype. */
function queryOf(text: string): Record<string, unknown> {
  const query = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of new URLSearchParams(text)) {
    const before = query[name];
    query[name] = before === undefined ? value : [before, value].flat();
  }
  return query;
}

const parse = (name: Name, text: string) => parseQuery(SCHEMAS[name], queryOf(text));

function problems(name: Name, text: string): string[] {
  const parsed = parse(name, text);
  return parsed.ok ? [] : parsed.errors.map(({ path, code }) => `${path} ${code}`).sort();
}

describe('what is taken', () => {
  test.each<[Name, string, unknown]>([
    ['events', '', { partial: false }],
    ['events', 'partial=true', { partial: true }],
    ['events', 'partial=false', { partial: false }],
    ['dau', '', {}],
    ['dau', 'from=2024-03-04&to=2024-03-04', { from: '2024-03-04', to: '2024-03-04' }],
    ['dau', 'from=1900-01-01', { from: '1900-01-01' }],
    ['dau', 'to=9988-12-31', { to: '9988-12-31' }],
    ['dau', 'event_type=caf%C3%A9%20%F0%9F%99%82', { event_type: 'café 🙂' }],
    [
      'dau',
      'timezone=America/New_York&as_of=2024-03-12T18:00:00.1239Z',
      { timezone: 'America/New_York', as_of: '2024-03-12T18:00:00.123Z' },
    ],
    ['dau', 'as_of=2024-03-12T18:00:00%2B01:00', { as_of: '2024-03-12T17:00:00.000Z' }],
    ['active-users', 'period=week&event_type=a', { period: 'week', event_type: 'a' }],
    ['top-events', '', { limit: 10 }],
    ['top-events', 'limit=1', { limit: 1 }],
    ['top-events', 'limit=1000', { limit: 1000 }],
    [
      'retention',
      'start_date=2024-03-04&window_type=daily&windows=8',
      { start_date: '2024-03-04', window_type: 'daily', windows: 8, cohorts: 8, mode: 'classic' },
    ],
    [
      'retention',
      'start_date=2024-02-29&window_type=weekly&windows=104&cohorts=1&mode=unbounded&born_event=a&return_event=b',
      {
        start_date: '2024-02-29',
        window_type: 'weekly',
        windows: 104,
        cohorts: 1,
        mode: 'unbounded',
        born_event: 'a',
        return_event: 'b',
      },
    ],
    [
      'retention',
      'start_date=2024-02-01&window_type=monthly&windows=60&cohorts=60',
      { start_date: '2024-02-01', window_type: 'monthly', windows: 60, cohorts: 60, mode: 'classic' },
    ],
    ['stickiness', '', {}],
    [
      'stickiness',
      'from=2024-03-04&to=2024-03-04&event_type=a&timezone=UTC',
      { from: '2024-03-04', to: '2024-03-04', event_type: 'a', timezone: 'UTC' },
    ],
    ['funnel', 'steps=b,a', { steps: ['b', 'a'] }],
    ['funnel', 'steps=%20a,a,caf%C3%A9%20%F0%9F%99%82', { steps: [' a', 'a', 'café 🙂'] }],
    ['funnel', 'steps=a%5C,b,a%5C%5C,b', { steps: ['a,b', 'a\\', 'b'] }],
    ['funnel', 'steps=a,b,c,d,e,f,g,h,i,j', { steps: 'abcdefghij'.split('') }],
    ['event-counts', '', { interval: 'day', limit: 10 }],
    [
      'event-counts',
      'interval=hour&limit=100&event_type=a&from=2024-01-01&to=2024-04-01',
      { interval: 'hour', limit: 100, event_type: 'a', from: '2024-01-01', to: '2024-04-01' },
    ],
  ])('%s?%s', (name, text, value) => {
    expect(parse(name, text)).toEqual({ ok: true, value });
  });

  test('a range of 3,660 days, both ends counted', () => {
    expect(problems('dau', 'from=2020-01-01&to=2030-01-07')).toEqual([]);
    expect(problems('dau', 'from=2020-01-01&to=2030-01-08')).toEqual(['from range_too_long']);
  });

  test('a series by the hour of 92 days, both ends counted', () => {
    const range = (to: string) => `from=2024-01-01&to=${to}`;
    expect(problems('event-counts', `interval=hour&${range('2024-04-01')}`)).toEqual([]);
    expect(problems('event-counts', `interval=hour&${range('2024-04-02')}`)).toEqual(['from range_too_long']);
    expect(problems('event-counts', `interval=day&${range('2024-04-02')}`)).toEqual([]);
    expect(problems('event-counts', range('2034-01-07'))).toEqual([]);
    expect(problems('event-counts', range('2034-01-08'))).toEqual(['from range_too_long']);
    expect(problems('event-counts', `interval=x&${range('2034-01-08')}`)).toEqual([
      'from range_too_long',
      'interval invalid_value',
    ]);
  });

  test('ten steps of the longest names, of two UTF-16 units and escaped', () => {
    const digits = '0123456789'.split('');
    const steps = (one: string) => digits.map((digit) => one.repeat(127) + digit);
    const astral = steps('🙂');
    expect(parseQuery(funnelQuery, { steps: astral.join(',') })).toEqual({
      ok: true,
      value: { steps: astral },
    });
    const escaped = steps(String.raw`\\`);
    expect(parseQuery(funnelQuery, { steps: escaped.join(',') })).toEqual({
      ok: true,
      value: { steps: steps('\\') },
    });
  });

  test('the longest names are 128 code points, of two UTF-16 units too', () => {
    const name = encodeURIComponent('🙂'.repeat(128));
    expect(problems('dau', `event_type=${name}`)).toEqual([]);
    expect(problems('dau', `event_type=${name}a`)).toEqual(['event_type too_long']);
  });
});

const RETENTION = 'start_date=2024-03-01&window_type=daily&windows=3';

describe('what is refused', () => {
  test.each<[Name, string, string[]]>([
    // Names
    ['events', 'parital=true', ['parital unknown_parameter']],
    ['dau', 'period=day', ['period unknown_parameter']],
    ['dau', '__proto__=1&constructor=2', ['__proto__ unknown_parameter', 'constructor unknown_parameter']],
    ['dau', 'from[a]=2024-01-01', ['from[a] unknown_parameter']],
    ['top-events', 'event_type=a', ['event_type unknown_parameter']],
    ['dau', 'from=2024-01-01&from=2024-01-01', ['from repeated_parameter']],
    ['events', 'partial=true&partial=true', ['partial repeated_parameter']],
    ['top-events', 'limit=1&limit=2', ['limit repeated_parameter']],
    [
      'retention',
      `${RETENTION}&start_date=2024-03-01&timezone=UTC&timezone=UTC`,
      ['start_date repeated_parameter', 'timezone repeated_parameter'],
    ],
    // Dates
    ['dau', 'from=', ['from invalid_date']],
    ['dau', 'from=2023-02-29', ['from invalid_date']],
    ['dau', 'to=2024-3-04', ['to invalid_date']],
    ['dau', 'to=2024-03-04T00:00:00Z', ['to invalid_date']],
    ['dau', 'to=today', ['to invalid_date']],
    ['dau', 'from=1899-12-31', ['from out_of_range']],
    ['dau', 'to=9989-01-01', ['to out_of_range']],
    ['dau', 'from=2024-03-04&to=2024-03-03', ['from from_after_to']],
    ['active-users', 'period=day&from=2024-03-04&to=2024-03-03', ['from from_after_to']],
    ['top-events', 'from=2024-03-04&to=2024-03-03', ['from from_after_to']],
    ['top-events', 'from=2000-01-01&to=2024-03-03', ['from range_too_long']],
    // Time
    ['dau', 'timezone=', ['timezone unknown_timezone']],
    ['dau', 'timezone=Mars/Olympus', ['timezone unknown_timezone']],
    ['dau', 'timezone=%2B01:00', ['timezone unknown_timezone']],
    ['dau', 'as_of=2024-03-12', ['as_of invalid_timestamp']],
    ['dau', 'as_of=2024-03-12T18:00:00', ['as_of invalid_timestamp']],
    ['dau', 'as_of=2024-03-12T18:00:60Z', ['as_of invalid_timestamp']],
    ['dau', 'as_of=2024-02-30T18:00:00Z', ['as_of invalid_timestamp']],
    ['dau', 'as_of=now', ['as_of invalid_timestamp']],
    ['dau', 'as_of=1899-12-31T23:59:59Z', ['as_of out_of_range']],
    ['dau', 'as_of=9989-01-01T00:00:00Z', ['as_of out_of_range']],
    // Words
    ['events', 'partial=1', ['partial invalid_value']],
    ['events', 'partial=', ['partial invalid_value']],
    ['active-users', '', ['period required']],
    ['active-users', 'period=year', ['period invalid_value']],
    ['retention', `${RETENTION}&mode=Classic`, ['mode invalid_value']],
    // Numbers
    ['top-events', 'limit=0', ['limit out_of_range']],
    ['top-events', 'limit=1001', ['limit out_of_range']],
    ['top-events', 'limit=-1', ['limit out_of_range']],
    ['top-events', 'limit=', ['limit invalid_integer']],
    ['top-events', 'limit=1.5', ['limit invalid_integer']],
    ['top-events', 'limit=1e2', ['limit invalid_integer']],
    ['top-events', 'limit=0x10', ['limit invalid_integer']],
    ['top-events', `limit=${'9'.repeat(400)}`, ['limit invalid_integer']],
    // Event types
    ['dau', 'event_type=', ['event_type too_short']],
    ['dau', `event_type=${'a'.repeat(129)}`, ['event_type too_long']],
    ['dau', `event_type=${'a'.repeat(100_000)}`, ['event_type too_long']],
    ['dau', 'event_type=a%00', ['event_type nul_character']],
    ['dau', 'event_type=a%0D%0Ab', ['event_type control_character']],
    [
      'retention',
      `${RETENTION}&born_event=&return_event=%7F`,
      ['born_event too_short', 'return_event control_character'],
    ],
    // Retention
    ['retention', '', ['start_date required', 'window_type required', 'windows required']],
    ['retention', 'start_date=2024-03-01&window_type=daily&windows=367', ['windows out_of_range']],
    ['retention', 'start_date=2024-03-01&window_type=weekly&windows=105', ['windows out_of_range']],
    ['retention', 'start_date=2024-03-01&window_type=monthly&windows=61', ['windows out_of_range']],
    ['retention', `${RETENTION}&cohorts=367`, ['cohorts out_of_range']],
    ['retention', `${RETENTION}&cohorts=0`, ['cohorts out_of_range']],
    ['retention', 'start_date=2024-03-01&window_type=weekly&windows=1&cohorts=105', ['cohorts out_of_range']],
    ['retention', 'start_date=2024-03-01&window_type=monthly&windows=1&cohorts=61', ['cohorts out_of_range']],
    ['retention', 'start_date=2024-03-02&window_type=monthly&windows=1', ['start_date not_first_of_month']],
    ['retention', 'start_date=2024-03-01&window_type=hourly&windows=1', ['window_type invalid_value']],
    // Stickiness
    ['stickiness', 'limit=1', ['limit unknown_parameter']],
    ['stickiness', 'from=2024-03-04&to=2024-03-03', ['from from_after_to']],
    // Funnels
    ['funnel', '', ['steps required']],
    ['funnel', 'steps=', ['steps out_of_range']],
    ['funnel', 'steps=a', ['steps out_of_range']],
    ['funnel', 'steps=a%5C,b', ['steps out_of_range']],
    ['funnel', 'steps=a,b,c,d,e,f,g,h,i,j,k', ['steps out_of_range']],
    ['funnel', 'steps=a,,b', ['steps too_short']],
    ['funnel', 'steps=a,b,', ['steps too_short']],
    ['funnel', 'steps=a,b,a,b', ['steps repeated_step', 'steps repeated_step']],
    ['funnel', 'steps=a,%00', ['steps nul_character']],
    ['funnel', `steps=a,${'b'.repeat(129)}`, ['steps too_long']],
    ['funnel', `steps=${'a,'.repeat(50_000)}`, ['steps too_long']],
    ['funnel', 'steps=a%5Cb,c', ['steps invalid_escape']],
    ['funnel', 'steps=a,b%5C', ['steps invalid_escape']],
    ['funnel', 'steps=a,b&steps=c', ['steps repeated_parameter']],
    ['funnel', 'steps=a,b&event_type=a', ['event_type unknown_parameter']],
    ['funnel', 'steps=a&from=2024-03-04&to=2024-03-03', ['from from_after_to', 'steps out_of_range']],
    // Event counts
    ['event-counts', 'interval=week', ['interval invalid_value']],
    ['event-counts', 'limit=0', ['limit out_of_range']],
    ['event-counts', 'limit=101', ['limit out_of_range']],
    ['event-counts', 'from=2024-03-04&to=2024-03-03', ['from from_after_to']],
    // Everything at once
    [
      'retention',
      'start_date=2024-03-04&window_type=monthly&windows=61&cohorts=x&timezone=x&foo=1',
      [
        'cohorts invalid_integer',
        'foo unknown_parameter',
        'start_date not_first_of_month',
        'timezone unknown_timezone',
        'windows out_of_range',
      ],
    ],
    ['dau', 'from=2024-03-04&to=2024-03-03&as_of=x', ['as_of invalid_timestamp', 'from from_after_to']],
  ])('%s?%s', (name, text, expected) => {
    expect(problems(name, text)).toEqual(expected);
  });

  test('a lone surrogate, which only a query that was not decoded can hold', () => {
    expect(parseQuery(dauQuery, { event_type: 'a\ud800' })).toMatchObject({
      ok: false,
      errors: [{ path: 'event_type', code: 'lone_surrogate' }],
    });
  });

  test('a value that is no text', () => {
    expect(parseQuery(dauQuery, { from: { a: '1' }, to: 5 })).toMatchObject({
      ok: false,
      errors: [
        { path: 'from', code: 'invalid_type' },
        { path: 'to', code: 'invalid_type' },
      ],
    });
  });
});

describe('messages say the rule and what to do', () => {
  test.each<[Name, string, string]>([
    ['retention', '', 'start_date is required: send one like start_date=2024-02-05.'],
    ['dau', 'to=2024-02-30', 'to is no date that exists: "2024-02-30"; send one like 2024-02-29.'],
    ['dau', 'to=1024-02-28', 'to must lie from 1900-01-01 to 9988-12-31, not 1024-02-28.'],
    ['dau', 'to=2024-01-01&to=2024-01-02', 'to is given 2 times: send it once.'],
    ['dau', 'form=1', 'There is no parameter "form" here: remove it, or see /docs for its right name.'],
    [
      'dau',
      'from=2024-03-04&to=2024-03-03',
      'from (2024-03-04) is after to (2024-03-03): send a from that is the same day or earlier.',
    ],
    ['top-events', 'limit=ten', 'limit must be an integer, 1 to 1000, not "ten": send digits only.'],
    [
      'retention',
      'start_date=2024-03-01&window_type=weekly&windows=105',
      'windows must be 1 to 366 daily, 1 to 104 weekly or 1 to 60 monthly, not 105 weekly.',
    ],
    [
      'retention',
      'start_date=2024-03-04&window_type=monthly&windows=1',
      'start_date must be the 1st of a month with window_type=monthly, not 2024-03-04: send 2024-03-01.',
    ],
    ['funnel', 'steps=a', 'steps must be 2 to 10 event types between commas, not 1.'],
    ['funnel', 'steps=a,b,a', 'step 3 of steps is the same as step 1, "a": send each event type once.'],
    ['funnel', 'steps=a,,b', 'step 2 of steps is empty: send 1 to 128 characters.'],
    [
      'funnel',
      'steps=a%5Cb,c',
      String.raw`steps holds a backslash before neither a comma nor a backslash: write \\ for a backslash and \, for a comma within an event type.`,
    ],
    [
      'event-counts',
      'interval=hour&from=2024-01-01&to=2024-04-02',
      'from 2024-01-01 to to 2024-04-02 are 93 days, at most 92 are answered by the hour: ask for a shorter range.',
    ],
    [
      'dau',
      'as_of=2024-03-12T18:00:00+01:00',
      'as_of is no RFC 3339 timestamp with an offset, or no date that exists: "2024-03-12T18:00:00 01:00" (a + in a URL is written %2B); send one like 2024-03-12T18:00:00Z.',
    ],
  ])('%s?%s', (name, text, message) => {
    const parsed = parse(name, text);
    expect(parsed.ok ? undefined : parsed.errors[0]?.message).toBe(message);
  });
});

test('any query at all gives a value or a bounded list of named problems', () => {
  const names = fc.oneof(
    fc.constantFrom(
      'from',
      'to',
      'timezone',
      'as_of',
      'limit',
      'windows',
      'window_type',
      'start_date',
      'steps',
    ),
    fc.string({ unit: 'binary' }),
  );
  const texts = fc.string({ unit: 'binary', maxLength: 300 });
  const values = fc.oneof(
    texts,
    fc.array(texts, { maxLength: 3 }),
    fc.constantFrom('1', 'daily', '2024-03-01'),
  );
  const queries = fc.dictionary(names, values, { maxKeys: 40 });
  fc.assert(
    fc.property(queries, fc.constantFrom(...Object.values(SCHEMAS)), (query, schema) => {
      const parsed = parseQuery(schema, query);
      if (parsed.ok) return;
      expect(parsed.errors.length).toBeGreaterThan(0);
      expect(parsed.errors.length).toBeLessThanOrEqual(20);
      for (const { path, code, message } of parsed.errors) {
        expect(PARAMETER_PROBLEM_CODES).toContain(code);
        expect(path.length).toBeLessThanOrEqual(64);
        expect(message.length).toBeLessThan(1_000);
        expect(`${path}${message}`).not.toMatch(/\p{Cs}/u);
      }
    }),
  );
});
