import { CEILING_LIMITS, DEFAULT_LIMITS, MAX_PROBLEMS_PER_EVENT } from './limits.js';
import { propertiesProblems } from './properties-rules.js';
import { formatPath } from './quoting.js';

const found = (properties: Record<string, unknown>, limits = DEFAULT_LIMITS) =>
  propertiesProblems(properties, limits).map(
    ({ segments, code }) => `${formatPath(['properties', ...segments])} ${code}`,
  );

/** Properties of so many levels, the outermost one included. */
const nested = (levels: number): Record<string, unknown> => {
  let value: Record<string, unknown> = {};
  for (let level = 1; level < levels; level += 1) value = { a: value };
  return value;
};

describe('properties', () => {
  test.each<[string, Record<string, unknown>]>([
    ['empty', {}],
    ['of every type', { a: [1, 'x', true, null, {}, [[]]], b: { c: -0.5e-7 } }],
    ['with control characters other than NUL', { a: 'line\nbreak\t\u0085' }],
    [
      'with names of Object.prototype',
      JSON.parse('{"__proto__":1,"constructor":{"prototype":2},"toString":3}') as Record<string, unknown>,
    ],
    ['with a whole pair', { '😀': '😀' }],
    ['with an empty key', { '': 1 }],
  ])('%s are taken', (_, properties) => {
    expect(found(properties)).toEqual([]);
  });

  test.each<[string, Record<string, unknown>, string[]]>([
    ['NUL in a value', { a: 'x\0' }, ['properties.a nul_character']],
    ['NUL in a key', { 'x\0': 1 }, ['properties["x\\u0000"] nul_character']],
    ['NUL far down', { a: [0, { b: ['ok', '\0'] }] }, ['properties.a[1].b[1] nul_character']],
    ['half a pair in a value', { a: '\ud800x' }, ['properties.a lone_surrogate']],
    ['half a pair in a key', { a: { '\udfff': 1 } }, ['properties.a["\\udfff"] lone_surrogate']],
    ['both', { a: '\0\ud800' }, ['properties.a nul_character', 'properties.a lone_surrogate']],
    [
      'below __proto__',
      JSON.parse('{"__proto__":{"a":"\\u0000"}}') as Record<string, unknown>,
      ['properties.__proto__.a nul_character'],
    ],
    ['infinity', { a: Infinity }, ['properties.a number_precision']],
  ])('%s is named', (_, properties, problems) => {
    expect(found(properties)).toEqual(problems);
  });

  test('may be exactly as deep as the limit', () => {
    expect(found(nested(32))).toEqual([]);
    expect(found(nested(33))).toEqual([`properties${'.a'.repeat(32)} properties_too_deep`]);
  });

  test('of a depth that JSON.stringify does not survive are refused, whatever is configured', () => {
    const limits = { ...DEFAULT_LIMITS, maxPropertiesDepth: 1e9 };
    for (const open of ['{"a":', '[']) {
      const close = open === '[' ? ']' : '}';
      const text = `{"p":${open.repeat(100_000)}0${close.repeat(100_000)}}`;
      const deep = JSON.parse(text) as Record<string, unknown>;
      expect(propertiesProblems(deep, limits)).toMatchObject([{ code: 'properties_too_deep' }]);
    }
    expect(CEILING_LIMITS.maxPropertiesDepth).toBeLessThan(1000);
  });

  test.each([
    ['one-byte characters', 'a', 1],
    ['two-byte characters', 'é', 2],
    ['three-byte characters', '€', 3],
    ['four-byte characters', '😀', 4],
    ['escaped characters', '\u0001', 6],
    ['quotes', '"', 2],
  ])('may be exactly as large as the limit: %s', (_, character, bytes) => {
    const count = Math.floor((32_768 - '{"a":""}'.length) / bytes);
    const padding = 32_768 - '{"a":""}'.length - count * bytes;
    const text = character.repeat(count) + 'x'.repeat(padding);
    expect(found({ a: text })).toEqual([]);
    expect(found({ a: `${text}x` })).toEqual(['properties properties_too_large']);
  });

  test('are measured with their keys and small values too', () => {
    const manyKeys = Object.fromEntries(Array.from({ length: 4_000 }, (_, at) => [`key_${at}`, 1]));
    expect(found(manyKeys)).toEqual(['properties properties_too_large']);
    expect(found({ a: Array.from({ length: 20_000 }, () => 1) })).toEqual([
      'properties properties_too_large',
    ]);
    expect(found({ a: Array.from({ length: 16_000 }, () => 1) })).toEqual([]);
  });

  test('are not looked through further than there is something to say', () => {
    const problems = found({ a: Array.from({ length: 1_000 }, () => '\0') });
    expect(problems).toHaveLength(MAX_PROBLEMS_PER_EVENT);
  });
});
