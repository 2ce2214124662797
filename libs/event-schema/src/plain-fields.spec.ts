import fc from 'fast-check';

import { validateCsvFields, type CsvFields } from './csv-fields.js';
import { readPlainLine } from './json-line.js';
import { DEFAULT_LIMITS } from './limits.js';
import { readPlainFields } from './plain-fields.js';

const NOW = Date.parse('2024-03-05T00:00:00Z');
const GOOD: CsvFields = {
  event_id: '018f4e5a-9c1b-7c3d-8e2f-0123456789ab',
  user_id: 'u1',
  event_type: 'view',
  occurred_at: '2024-03-04T10:00:00.000Z',
  properties_json: '{"a":1}',
};

const plain = (fields: Partial<CsvFields>, limits = DEFAULT_LIMITS): CsvFields | undefined =>
  readPlainFields({ ...GOOD, ...fields }, limits, NOW);

/** What jsonb makes of a JSON text: keys in no order, the last of those that are the same. */
const asJsonb = (json: string): unknown => JSON.parse(json);

describe('readPlainFields', () => {
  it('takes ordinary events as they stand', () => {
    const fields = { ...GOOD };
    expect(readPlainFields(fields, DEFAULT_LIMITS, NOW)).toBe(fields);
  });

  it('gives the one spelling of ids and instants, and properties to those that have none', () => {
    const other = {
      event_id: GOOD.event_id.toUpperCase(),
      occurred_at: '2024-03-04T11:00:00.0009+01:00',
      properties_json: '',
    };
    expect(plain(other)).toEqual({ ...GOOD, properties_json: '{}' });
  });

  it.each([
    '{}',
    '{"a":1,"b":-12.5,"c":true,"d":null,"e":"x","f":[1,"y",{"g":1}]}',
    '{"a": 1, "b": [1, 2], "c": {"d": {"e": 3}}}',
    '{"a":"\\u00e9 \\n \\" \\\\ \\/","\\u00e9":"\u{1F600}\u0085\u2028"}',
    '{"__proto__":1,"1":2,"":3}',
    '{"a":1,"a":2}',
    '{"a":123456789012345,"b":0.5,"c":123456789.12345}',
  ])('passes on %s as it is written', (properties_json) => {
    expect(plain({ properties_json })?.properties_json).toBe(properties_json);
  });

  it.each([
    ' {}',
    '{"a":1.50}',
    '{"a":1e5}',
    '{"a":-0}',
    '{"a":1234567890123456}',
    '{"a":01}',
    '{"a":"\\u0000"}',
    '{"a":"\\ud83d\\ude00"}',
    '{"a":"\\uDC00"}',
    '{"a":"\\x"}',
    '{"a":"x\ny"}',
    '{"a":1,}',
    '{"a":[1,]}',
    '{,}',
    '{"a":1}}',
    '{"a":1} ',
    '[]',
    'null',
    '{"a":{"b":{"c":{}}}}',
    `{"a":"${'x'.repeat(11_000)}"}`,
  ])('leaves %s to the schema', (properties_json) => {
    expect(plain({ properties_json })).toBeUndefined();
  });

  it('goes by the limits', () => {
    expect(plain({ user_id: 'x'.repeat(257) })).toBeUndefined();
    expect(plain({ event_type: 'x'.repeat(129) })).toBeUndefined();
    expect(plain({ user_id: 'x\u0085' })).toBeUndefined();
    expect(plain({ user_id: '' })).toBeUndefined();
    expect(plain({ occurred_at: '2024-03-06T00:00:00.001Z' })).toBeUndefined();
    expect(plain({}, { ...DEFAULT_LIMITS, maxPropertiesDepth: 2 })).toBeUndefined();
    expect(plain({}, { ...DEFAULT_LIMITS, maxPropertiesBytes: 20 })).toBeUndefined();
  });

  it('takes nothing that the schema refuses or changes, whatever the texts are', () => {
    const json = fc.oneof(
      fc.json({ maxDepth: 3 }).map((value) => `{"v":${value}}`),
      fc.json({ maxDepth: 3 }).map((value) => JSON.stringify({ v: JSON.parse(value) as unknown }, null, ' ')),
      fc.string({
        unit: fc.constantFrom('{', '}', '"', ':', ',', '[', ']', '1', '0', '.', '-', 'a', '\\', ' ', 'u0000'),
      }),
      fc
        .string({
          unit: fc.constantFrom(
            '"',
            '1',
            '0',
            '.',
            'e',
            '-',
            'a',
            '\\u',
            'd83d',
            '0000',
            '\\n',
            ',',
            ' ',
            ':"b"',
          ),
        })
        .map((text) => `{"a":${text}}`),
    );
    fc.assert(
      fc.property(json, fc.string({ unit: 'binary', maxLength: 5 }), (properties_json, user_id) => {
        const fields = { ...GOOD, properties_json, user_id };
        const taken = readPlainFields(fields, DEFAULT_LIMITS, NOW);
        if (taken === undefined) return;
        const checked = validateCsvFields(fields, { limits: DEFAULT_LIMITS, nowMs: NOW });
        const { properties_json: written, ...event } = taken;
        expect(checked).toEqual({ ok: true, event: { ...event, properties: asJsonb(written) } });
        expect(written).not.toMatch(/\p{Cc}/u);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('readPlainLine', () => {
  const line = (more = ''): string =>
    `{"event_id":"${GOOD.event_id}","user_id":"u1","event_type":"view","occurred_at":"${GOOD.occurred_at}"${more}}`;

  it('takes the fields of a line out of it', () => {
    expect(readPlainLine(line(',"properties":{"a":1}'), DEFAULT_LIMITS, NOW)).toEqual(GOOD);
    const spaced = line(', "properties": {"a":1}').replaceAll('","', '", "');
    expect(readPlainLine(spaced, DEFAULT_LIMITS, NOW)).toEqual(GOOD);
    expect(readPlainLine(line(), DEFAULT_LIMITS, NOW)).toEqual({ ...GOOD, properties_json: '{}' });
  });

  it.each([
    line(',"more":1'),
    line(',"properties":{"a":1},"more":{"b":1}'),
    line(',"properties":{"a":1},"user_id":"other"'),
    line(',"properties":[]'),
    `${line()}}`,
    ` ${line()}`,
    line().replace('u1', 'u\\n'),
    line().replace('"u1"', '1'),
  ])('leaves %s to the schema', (text) => {
    expect(readPlainLine(text, DEFAULT_LIMITS, NOW)).toBeUndefined();
  });
});
