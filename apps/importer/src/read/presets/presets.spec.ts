import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createEventSchema, DEFAULT_LIMITS, isUuid, type FieldProblem } from '@event-analytics/event-schema';
import { parseString } from 'fast-csv';

import { PRESET_NAMES, type EventFields, type PresetName } from '../event-fields.js';
import { presets } from './index.js';

type Values = Record<string, unknown>;

const UUID = '018f4e5a-9c1b-7c3d-8e2f-0123456789ab';

const eventOf = (preset: PresetName, record: Values, timezone?: string): EventFields => {
  const result = presets[preset].toEvent(record, { timezone });
  if (Array.isArray(result)) throw new Error(result.map(({ message }) => message).join(' '));
  return result;
};
const problemsOf = (preset: PresetName, record: Values, timezone?: string): FieldProblem[] => {
  const result = presets[preset].toEvent(record, { timezone });
  if (!Array.isArray(result)) throw new Error(`is an event: ${JSON.stringify(result)}`);
  return result;
};
const codesOf = (preset: PresetName, record: Values, timezone?: string): string[] =>
  problemsOf(preset, record, timezone).map(({ path, code }) => `${path} ${code}`);

/** The smallest record that is an event; `change` says what differs. */
const posthog = (change: Values = {}): Values => ({
  uuid: UUID,
  event: '$pageview',
  distinct_id: 'ada',
  timestamp: '2024-03-04T10:00:00.123456+00:00',
  ...change,
});
const mixpanel = (change: Values = {}, event: unknown = 'Signed up'): Values => ({
  event,
  properties: { time: 1_709_546_400, distinct_id: 'ada', $insert_id: UUID, ...change },
});
const amplitude = (change: Values = {}): Values => ({
  uuid: UUID,
  user_id: 'ada',
  device_id: 'd-1',
  event_type: 'page_view',
  event_time: '2024-03-04 10:00:00.123456',
  ...change,
});
const segment = (change: Values = {}): Values => ({
  messageId: UUID,
  type: 'track',
  event: 'Signed Up',
  userId: 'ada',
  timestamp: '2024-03-04T10:00:00.123Z',
  ...change,
});
const smallest: Record<PresetName, Values> = {
  posthog: posthog(),
  mixpanel: mixpanel(),
  amplitude: amplitude(),
  segment: segment(),
};

describe.each(PRESET_NAMES)('the preset %s', (name) => {
  it('reads the smallest record that is an event', () => {
    const { properties, ...fields } = eventOf(name, smallest[name]);
    expect(fields).toMatchObject({ event_id: UUID, user_id: 'ada' });
    expect(properties).toEqual(name === 'amplitude' ? { $device_id: 'd-1' } : {});
  });

  it('makes the same id of the same record, whatever the order of its keys', () => {
    const withoutId = structuredClone(smallest[name]);
    for (const values of [withoutId, (withoutId['properties'] ?? {}) as Values])
      for (const key of ['uuid', '$insert_id', 'messageId']) delete values[key];
    const turned = Object.fromEntries(Object.entries(withoutId).reverse());
    const { event_id } = eventOf(name, withoutId);
    expect(isUuid(String(event_id))).toBe(true);
    expect(eventOf(name, turned).event_id).toBe(event_id);
    expect(eventOf(name, { ...withoutId, more: 1 }).event_id).not.toBe(event_id);
  });

  it('keeps what it does not know, and a key that is called __proto__', () => {
    const more = JSON.parse('{"__proto__": {"a": 1}, "later": [1, {"b": null}]}') as Values;
    const record = name === 'mixpanel' ? mixpanel(more) : { ...smallest[name], ...more };
    // Spreading puts an own __proto__ where it was, as JSON.parse did.
    const properties = eventOf(name, record).properties as Values;
    const marked = name === 'amplitude' || name === 'segment' ? '$' : '';
    expect(Object.entries(properties)).toEqual(
      expect.arrayContaining([
        [`${marked}__proto__`, { a: 1 }],
        [`${marked}later`, [1, { b: null }]],
      ]),
    );
  });

  it('names every field that is missing and says what it is for', () => {
    const expected: Record<PresetName, string[]> = {
      posthog: ['distinct_id required', 'event required', 'timestamp required'],
      mixpanel: ['event required', 'properties.distinct_id required', 'properties.time required'],
      amplitude: ['user_id required', 'event_type required', 'event_time required'],
      segment: ['type required', 'userId required', 'timestamp required'],
    };
    expect(codesOf(name, {})).toEqual(expected[name]);
    for (const { message } of problemsOf(name, {}))
      expect(message).toMatch(
        /^\S+ is missing: it becomes the event's (user_id|event_type|occurred_at); export it too/,
      );
  });

  it.each(name === 'posthog' ? ['ndjson', 'csv'] : ['ndjson'])(
    'reads its example (%s) whole',
    async (format) => {
      const text = readFileSync(join(__dirname, `../../../examples/${name}.${format}`), 'utf8');
      const records = format === 'csv' ? await csvRecords(text) : text.trim().split('\n').map(parseObject);
      expect(records.length).toBeGreaterThanOrEqual(20);
      const schema = createEventSchema(DEFAULT_LIMITS, () => Date.UTC(2024, 3, 1));
      const events = records.map((record) => schema.parse(eventOf(name, record)));
      expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(records.length);
      expect(new Set(events.map(({ user_id }) => user_id)).size).toBeGreaterThan(4);
      expect(events.every(({ occurred_at }) => occurred_at.startsWith('2024-03-0'))).toBe(true);
    },
  );
});

describe('PostHog', () => {
  it('takes times as UTC where they do not say, or as of the zone', () => {
    const naive = posthog({ timestamp: '2024-03-04 10:00:00.123456' });
    expect(eventOf('posthog', posthog()).occurred_at).toBe('2024-03-04T10:00:00.123456+00:00');
    expect(eventOf('posthog', naive).occurred_at).toBe('2024-03-04T10:00:00.123456Z');
    expect(eventOf('posthog', naive, 'Europe/Berlin').occurred_at).toBe('2024-03-04T09:00:00.123Z');
    const berlin = posthog({ timestamp: '2024-03-04 10:00:00+0100' });
    expect(eventOf('posthog', berlin, 'Asia/Tokyo').occurred_at).toBe('2024-03-04T10:00:00+01:00');
  });

  it.each(['2024-02-30 10:00:00', 'yesterday', '2024-03-04', '2024-03-04 24:00:00'])(
    'refuses the time %j',
    (timestamp) => {
      const [problem, ...others] = problemsOf('posthog', posthog({ timestamp }));
      expect(others).toEqual([]);
      expect(problem).toMatchObject({ path: 'timestamp', code: 'invalid_timestamp' });
      expect(problem?.message).toContain(JSON.stringify(timestamp));
    },
  );

  it('refuses a time that the zone skipped, and takes the first of one that came twice', () => {
    const at = (timestamp: string): Values => posthog({ timestamp });
    expect(codesOf('posthog', at('2024-03-31 02:30:00'), 'Europe/Berlin')).toEqual([
      'timestamp invalid_timestamp',
    ]);
    expect(eventOf('posthog', at('2024-10-27 02:30:00'), 'Europe/Berlin').occurred_at).toBe(
      '2024-10-27T00:30:00.000Z',
    );
  });

  it('keeps the person and what the event set of it, and leaves out what says nothing of the event', () => {
    const record = posthog({
      properties: { $browser: 'Firefox', $set: { plan: 'pro' } },
      person_id: 'p-1',
      person_properties: { plan: 'free' },
      set: { plan: 'late' },
      set_once: {},
      elements_chain: 'a:text="x"',
      ip: null,
      team_id: 2,
      created_at: '2024-03-04 10:00:01',
      _inserted_at: '2024-03-04 10:00:02',
      site_url: '',
    });
    expect(eventOf('posthog', record).properties).toEqual({
      $browser: 'Firefox',
      $set: { plan: 'pro' },
      $person_id: 'p-1',
      $person_properties: { plan: 'free' },
      $elements_chain: 'a:text="x"',
    });
  });

  it('reads objects that are their JSON, as CSV and Parquet have them', () => {
    const record = posthog({ properties: '{"a":{"b":[1]}}', person_properties: '{"plan":"pro"}', set: '' });
    expect(eventOf('posthog', record).properties).toEqual({
      a: { b: [1] },
      $person_properties: { plan: 'pro' },
    });
    expect(codesOf('posthog', posthog({ properties: '{"a":' }))).toEqual(['properties invalid_json']);
    expect(codesOf('posthog', posthog({ properties: '[1]' }))).toEqual(['properties invalid_json']);
    expect(codesOf('posthog', posthog({ properties: 7 }))).toEqual(['properties invalid_type']);
    expect(codesOf('posthog', posthog({ properties: '{"a":9007199254740993}' }))).toEqual([
      'properties.a number_precision',
    ]);
  });

  it('reads the columns of the event explorer', () => {
    const record = {
      '*.uuid': UUID,
      '*.event': 'from the star',
      event: 'plain',
      '*.distinct_id': 'ada',
      '*.timestamp': '2024-03-04T10:00:00Z',
      '*.properties.$browser': 'Firefox',
      'properties.$os': 'Linux',
      'properties.empty': '',
    };
    expect(eventOf('posthog', record)).toMatchObject({
      event_id: UUID,
      event_type: 'plain',
      properties: { $browser: 'Firefox', $os: 'Linux' },
    });
  });

  it('makes an id of one that is no UUID', () => {
    const id = eventOf('posthog', posthog({ uuid: 'e-1' })).event_id;
    expect(isUuid(String(id))).toBe(true);
    expect(eventOf('posthog', posthog({ uuid: 'e-1' })).event_id).toBe(id);
    expect(eventOf('posthog', posthog({ uuid: 'e-2' })).event_id).not.toBe(id);
  });
});

describe('Mixpanel', () => {
  it.each([
    [1_709_546_400, '2024-03-04T10:00:00.000Z'],
    [1_704_784_091.249, '2024-01-09T07:08:11.249Z'],
    [1_709_546_400_249, '2024-03-04T10:00:00.249Z'],
    [0, '1970-01-01T00:00:00.000Z'],
  ])('reads the time %d', (time, instant) => {
    expect(eventOf('mixpanel', mixpanel({ time })).occurred_at).toBe(instant);
  });

  it('reads the time of an old project by the clocks of its zone', () => {
    const at = (time: number): unknown =>
      eventOf('mixpanel', mixpanel({ time }), 'America/Los_Angeles').occurred_at;
    expect(at(1_709_546_400)).toBe('2024-03-04T18:00:00.000Z');
    expect(at(Date.UTC(2024, 6, 4, 10) / 1_000)).toBe('2024-07-04T17:00:00.000Z');
    const skipped = mixpanel({ time: Date.UTC(2024, 2, 10, 2, 30) / 1_000 });
    expect(codesOf('mixpanel', skipped, 'America/Los_Angeles')).toEqual([
      'properties.time invalid_timestamp',
    ]);
  });

  it.each(['1709546400', 1e300, Number.NaN, {}])('refuses the time %p', (time) => {
    expect(codesOf('mixpanel', mixpanel({ time }))).toEqual(['properties.time invalid_timestamp']);
  });

  it('finds the user where there is no distinct_id', () => {
    const userOf = (change: Values): unknown =>
      eventOf('mixpanel', mixpanel({ distinct_id: undefined, ...change })).user_id;
    expect(userOf({ $user_id: 'u', $device_id: 'd' })).toBe('u');
    expect(userOf({ $device_id: 'd' })).toBe('$device:d');
    expect(userOf({ distinct_id: 40_912 })).toBe('40912');
    expect(codesOf('mixpanel', mixpanel({ distinct_id: 1.5 }))).toEqual([
      'properties.distinct_id invalid_type',
    ]);
  });

  it('tells events with one $insert_id apart as Mixpanel does', () => {
    const idOf = (change: Values, event?: string): unknown =>
      eventOf('mixpanel', mixpanel({ $insert_id: 'abc', ...change }, event)).event_id;
    const id = idOf({});
    expect(isUuid(String(id))).toBe(true);
    expect(idOf({ $browser: 'Firefox' })).toBe(id);
    const others = [
      idOf({ time: 1_709_546_401 }),
      idOf({ distinct_id: 'b' }),
      idOf({}, 'x'),
      idOf({ $insert_id: 'y' }),
    ];
    expect(new Set([id, ...others]).size).toBe(5);
  });

  it('keeps the properties, but not what Mixpanel notes for itself', () => {
    const change = {
      $insert_id: 'abc',
      Amount: 5,
      nothing: null,
      $device_id: 'd',
      mp_processing_time_ms: 1,
      $mp_api_endpoint: 'x',
      $mp_api_timestamp_ms: 2,
      $import: true,
      token: 'secret',
    };
    expect(eventOf('mixpanel', mixpanel(change)).properties).toEqual({
      Amount: 5,
      nothing: null,
      $device_id: 'd',
      $insert_id: 'abc',
    });
  });
});

describe('Amplitude', () => {
  it('takes event_time as UTC, to the digit', () => {
    expect(eventOf('amplitude', amplitude()).occurred_at).toBe('2024-03-04T10:00:00.123456Z');
  });

  it('takes the device for a user who is not known', () => {
    expect(eventOf('amplitude', amplitude({ user_id: null })).user_id).toBe('d-1');
    expect(codesOf('amplitude', amplitude({ user_id: null, device_id: '' }))).toEqual(['user_id required']);
  });

  it('makes an id of $insert_id, and of what it stands with, where there is no uuid', () => {
    const idOf = (change: Values): unknown =>
      eventOf('amplitude', amplitude({ uuid: null, $insert_id: 'i', ...change })).event_id;
    expect(idOf({ $platform: 'x' })).toBe(idOf({}));
    expect(idOf({ device_id: 'd-2' })).not.toBe(idOf({}));
    expect(idOf({ $insert_id: UUID })).toBe(UUID);
  });

  it('puts the properties of the event first, and the rest under names of their own', () => {
    const record = amplitude({
      event_properties: { platform: 'own', title: 'x', empty: null },
      platform: 'Web',
      user_properties: { plan: 'pro' },
      groups: {},
      dma: null,
      paying: false,
      session_id: -1,
      $insert_id: 'i',
      amplitude_id: 600_000_000_001,
      app: 1,
      $schema: 13,
      data: { path: '/' },
      amplitude_event_type: 'old',
      client_event_time: '2024-03-04 10:00:00.1',
      server_upload_time: '2024-03-04 10:00:00.2',
    });
    expect(eventOf('amplitude', record).properties).toEqual({
      platform: 'own',
      title: 'x',
      empty: null,
      $platform: 'Web',
      $user_properties: { plan: 'pro' },
      $paying: false,
      $session_id: -1,
      $insert_id: 'i',
      $amplitude_id: 600_000_000_001,
      $device_id: 'd-1',
    });
  });
});

describe('Segment', () => {
  it.each(['page', 'screen', 'identify', 'group', 'alias'])('calls a %s call what it is', (type) => {
    expect(eventOf('segment', segment({ type, event: undefined, name: 'Home' }))).toMatchObject({
      event_type: type,
      properties: { $name: 'Home' },
    });
  });

  it('refuses a track call without an event, and a call that is none', () => {
    expect(codesOf('segment', segment({ event: '' }))).toEqual(['event required']);
    expect(codesOf('segment', segment({ type: 'delete' }))).toEqual(['type invalid_type']);
  });

  it('takes the anonymous id for a user who is not known, and keeps it beside one who is', () => {
    expect(eventOf('segment', segment({ userId: null, anonymousId: 'a' }))).toMatchObject({
      user_id: 'a',
      properties: { $anonymousId: 'a' },
    });
    expect(eventOf('segment', segment({ userId: 40_912, anonymousId: 'a' }))).toMatchObject({
      user_id: '40912',
      properties: { $anonymousId: 'a' },
    });
  });

  it('takes the time of the device where Segment has mended none', () => {
    const record = segment({ timestamp: undefined, originalTimestamp: '2024-03-04T11:00:00+01:00' });
    expect(eventOf('segment', record).occurred_at).toBe('2024-03-04T11:00:00+01:00');
  });

  it('makes an id of a messageId that is no UUID, and keeps it', () => {
    const { event_id, properties } = eventOf('segment', segment({ messageId: 'ajs-1' }));
    expect(isUuid(String(event_id))).toBe(true);
    expect(properties).toEqual({ $messageId: 'ajs-1' });
    expect(eventOf('segment', segment({ messageId: 'ajs-1', event: 'x' })).event_id).toBe(event_id);
  });

  it('keeps context and traits, but not the way that the call took', () => {
    const record = segment({
      properties: { revenue: 25.5, title: null },
      traits: { plan: 'pro' },
      context: { ip: '203.0.113.7' },
      integrations: { All: true },
      receivedAt: 'x',
      sentAt: 'x',
      originalTimestamp: '2024-03-04T10:00:00Z',
      version: 2,
      writeKey: 'secret',
      _metadata: {},
      projectId: 'p',
    });
    expect(eventOf('segment', record).properties).toEqual({
      revenue: 25.5,
      title: null,
      $traits: { plan: 'pro' },
      $context: { ip: '203.0.113.7' },
    });
  });
});

function parseObject(line: string): Values {
  return JSON.parse(line) as Values;
}

async function csvRecords(text: string): Promise<Values[]> {
  const records: Values[] = [];
  for await (const record of parseString(text, { headers: true })) records.push(record as Values);
  return records;
}
