import { validateCsvFields, type CsvFields } from './csv-fields.js';
import { DEFAULT_LIMITS } from './limits.js';

const options = { limits: DEFAULT_LIMITS, nowMs: Date.UTC(2024, 5, 1) };
const GOOD: CsvFields = {
  event_id: '018F4E5A-9C1B-7C3D-8E2F-0123456789AB',
  occurred_at: '2024-05-01T14:00:00.0009+02:00',
  user_id: 'u',
  event_type: 't',
  properties_json: '{"a":[1,{"__proto__":2}]}',
};

describe('validateCsvFields', () => {
  test('gives the event that the same JSON would give', () => {
    const result = validateCsvFields(GOOD, options);
    expect(result).toEqual({
      ok: true,
      event: {
        event_id: '018f4e5a-9c1b-7c3d-8e2f-0123456789ab',
        user_id: 'u',
        event_type: 't',
        occurred_at: '2024-05-01T12:00:00.000Z',
        properties: JSON.parse(GOOD.properties_json) as unknown,
      },
    });
    expect(result.ok && JSON.stringify(result.event.properties)).toBe(GOOD.properties_json);
  });

  test.each(['', ' ', '{}'])('takes %j for no properties', (properties_json) => {
    expect(validateCsvFields({ ...GOOD, properties_json }, options)).toMatchObject({
      ok: true,
      event: { properties: {} },
    });
  });

  test.each<[string, Partial<CsvFields>, string[]]>([
    ['broken JSON', { properties_json: '{"a":' }, ['properties_json invalid_json']],
    ['an array', { properties_json: '[]' }, ['properties invalid_type']],
    ['null', { properties_json: 'null' }, ['properties invalid_type']],
    ['a number', { properties_json: '1e400' }, ['properties invalid_type']],
    [
      'a changed number',
      { properties_json: '{"a":[0.1,9007199254740993]}' },
      ['properties.a[1] number_precision'],
    ],
    ['an escaped NUL', { properties_json: '{"a":"\\u0000"}' }, ['properties.a nul_character']],
    ['a raw NUL', { user_id: 'a\0' }, ['user_id nul_character']],
    ['a line break', { event_type: 'a\nb' }, ['event_type control_character']],
    [
      'empty columns',
      { event_id: '', occurred_at: '', user_id: '', event_type: '' },
      ['event_id invalid_uuid', 'user_id too_short', 'event_type too_short', 'occurred_at invalid_timestamp'],
    ],
    [
      'several at once',
      { user_id: '', properties_json: 'x' },
      ['user_id too_short', 'properties_json invalid_json'],
    ],
  ])('%s', (_, change, problems) => {
    const result = validateCsvFields({ ...GOOD, ...change }, options);
    expect(result.ok ? [] : result.problems.map(({ path, code }) => `${path} ${code}`)).toEqual(problems);
  });
});
