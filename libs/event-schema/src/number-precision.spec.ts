import fc from 'fast-check';
import { parseJsonBatch } from './json-batch.js';
import { DEFAULT_LIMITS, MAX_PROBLEMS_PER_EVENT } from './limits.js';
import { parseNdjsonBatch } from './ndjson-batch.js';
import { isChangedNumber, mayHoldChangedNumber } from './number-precision.js';

const limits = DEFAULT_LIMITS;
const options = { limits, nowMs: Date.UTC(2024, 5, 1) };
const eventText = (properties: string, id = '4e123456-9c1b-7c3d-8e2f-012345678901') =>
  `{"event_id":"${id}","user_id":"1e400","event_type":"9007199254740993","occurred_at":"2024-05-01T12:00:00.12345678901234567890Z","properties":${properties}}`;
const batchText = (...properties: string[]) =>
  `{"events":[${properties.map((text) => eventText(text)).join(',')}]}`;
const found = (text: string) =>
  parseJsonBatch(Buffer.from(text), options).problems.map(
    ({ index, path, code }) => `${index} ${path} ${code}`,
  );

const KEPT = [
  '0',
  '-0',
  '0.0',
  '0e999999999',
  '1',
  '-1',
  '1.0',
  '1.50',
  '1e2',
  '1E+2',
  '1e-2',
  '0.1',
  '100000000000000000000',
  '9007199254740992',
  '9007199254740994',
  '9007199254740994.0e0',
  '0.30000000000000004',
  '1.7976931348623157e308',
  '5e-324',
  '1e22',
  '1e23',
  '0.000001',
  '1e-7',
  '123456789012345',
  '0.1234567890123456',
  '1.000000000000000000000000000000',
  `1${'0'.repeat(300)}`,
  `0.${'0'.repeat(400)}1e401`,
  '1e0000000000000000000001',
];
const CHANGED = [
  '9007199254740993',
  '-9007199254740993',
  '12345678901234567890',
  '0.1000000000000000055',
  '1e400',
  '-1e400',
  '1e-400',
  '2e-324',
  '1.7976931348623159e308',
  '0.12345678901234567890',
  '3.14159265358979323846',
  '1e99999999999999999999',
  '9007199254740993.0',
  '900719925474099.3e1',
  `1${'0'.repeat(400)}`,
  `0.${'0'.repeat(400)}1`,
];

describe('a JSON number', () => {
  test.each(KEPT)('%.40s is kept', (token) => {
    expect(isChangedNumber(token)).toBe(false);
    expect(found(batchText(`{"a":${token}}`))).toEqual([]);
  });

  test.each(CHANGED)('%.40s would be changed', (token) => {
    expect(isChangedNumber(token)).toBe(true);
    expect(mayHoldChangedNumber(`[1,\n ${token} ]`)).toBe(true);
    expect(found(batchText('{}', `{"a":{"b":[true,"x",[${token}]]}}`))).toEqual([
      '1 properties.a.b[2][0] number_precision',
    ]);
  });

  test('is changed exactly when exact arithmetic says so', () => {
    const digits = (maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength });
    const token = fc
      .record({
        sign: fc.constantFrom('', '-'),
        whole: digits(20).map((text) => text.replace(/^0+(?=\d)/, '')),
        fraction: fc.option(digits(20), { nil: undefined }),
        exponent: fc.option(fc.integer({ min: -330, max: 330 }), { nil: undefined }),
      })
      .map(({ sign, whole, fraction, exponent }) =>
        [
          sign,
          whole,
          fraction === undefined ? '' : `.${fraction}`,
          exponent === undefined ? '' : `e${exponent}`,
        ].join(''),
      );
    /** The value as a whole number of 10^-800. */
    const scaled = (text: string): bigint => {
      const [, sign, whole = '', fraction = '', exponent = '0'] =
        /^(-?)(\d+)\.?(\d*)(?:e([+-]?\d+))?$/.exec(text) ?? [];
      return BigInt(`${sign}${whole}${fraction}`) * 10n ** BigInt(800 - fraction.length + Number(exponent));
    };
    fc.assert(
      fc.property(
        fc.oneof(
          token,
          fc.double({ noDefaultInfinity: true, noNaN: true }).map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const read = Number(text);
          const kept = Number.isFinite(read) && scaled(String(read)) === scaled(text);
          expect(isChangedNumber(text)).toBe(!kept);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('where numbers are looked for', () => {
  test.each([
    ['in texts', '{"a":"x, 1e400","b":"[9007199254740993","c":"\\", 1e400"}'],
    ['in keys', '{"x:1e400":1,"[9007199254740993":2}'],
    ['in texts after a backslash', '{"a":"\\\\","b":",1e400"}'],
    ['in the other fields', '{}'],
  ])('not %s', (_, properties) => {
    expect(found(batchText(properties))).toEqual([]);
  });

  test('ordinary events never need the scan', () => {
    const ordinary =
      '{"price":12.5,"id":"4e12","at":1714560000000,"list":[1,2,3],"ratio":0.8444218515250481}';
    const text = batchText(ordinary, ordinary).replaceAll('12345678901234567890Z', '123456789+01:00');
    expect(mayHoldChangedNumber(text)).toBe(false);
  });

  test('behind keys that are escaped or odd', () => {
    expect(found(batchText('{"\\u0061\\"b":[[],{},1e400],"":{"":1e400}}'))).toEqual([
      '0 properties["a\\"b"][2] number_precision',
      '0 properties[""][""] number_precision',
    ]);
  });

  test('with any white space', () => {
    expect(found(batchText(' { "a" : \t\r\n 1e400 , "b":[ 1 ,\n1e-400\n] } '))).toEqual([
      '0 properties.a number_precision',
      '0 properties.b[1] number_precision',
    ]);
  });

  test('at the deepest level that is taken', () => {
    expect(found(batchText(`{"a":${'['.repeat(31)}1e400${']'.repeat(31)}}`))).toEqual([
      `0 properties.a${'[0]'.repeat(31)} number_precision`,
    ]);
  });

  test('past events that are too deep', () => {
    expect(found(batchText(`{"a":${'['.repeat(90)}1e400${']'.repeat(90)}}`, '{"b":1e400}'))).toEqual([
      `0 properties.a${'[0]'.repeat(31)} properties_too_deep`,
      '1 properties.b number_precision',
    ]);
  });

  test('in NDJSON, line by line', () => {
    const body = [eventText('{}'), '', eventText('{"a":9007199254740993}')].join('\r\n');
    expect(parseNdjsonBatch(Buffer.from(body), options).problems).toMatchObject([
      { index: 1, line: 3, path: 'properties.a', code: 'number_precision' },
    ]);
  });

  test('a number that is refused as such is said once', () => {
    expect(found(batchText('{"a":1e400}'))).toEqual(['0 properties.a number_precision']);
  });

  test('only so many of one event are listed', () => {
    const { problems } = parseJsonBatch(
      Buffer.from(batchText(`{"a":[${'1e-400,'.repeat(2000)}0]}`)),
      options,
    );
    expect(problems).toHaveLength(MAX_PROBLEMS_PER_EVENT);
  });
});
