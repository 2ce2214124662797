import { indentJson, printable, showPayload } from './payload-text.js';

const json = [
  {},
  [],
  [[], {}, [[]]],
  { a: 1, 'k"e:y,{}[]': ['x\\', '\u2028', null, true, -1.5e-7], nested: { deep: [{ list: [] }] } },
  'text',
  7,
];

test.each(json)('%j is the same value with line breaks as JSON.stringify writes it', (value) => {
  expect(indentJson(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2));
  expect(indentJson(JSON.stringify(value, null, 7))).toBe(JSON.stringify(value, null, 2));
});

test('what JavaScript would change or leave out stays', () => {
  expect(indentJson('{"n":1e400,"n":9007199254740993,"__proto__":0.10}')).toBe(
    '{\n  "n": 1e400,\n  "n": 9007199254740993,\n  "__proto__": 0.10\n}',
  );
});

test('deep beyond reason is shown all the same, in a size that is in proportion', () => {
  const depth = 100_000;
  const text = '['.repeat(depth) + ']'.repeat(depth);
  const shown = indentJson(text);
  expect(shown.replace(/\s/g, '')).toBe(text);
  expect(shown.length).toBeLessThan(text.length * 100);
});

test('a terminal is told nothing by a payload', () => {
  expect(printable('a\u001b[2J\u0000\u009b\u202e\tb\nc')).toBe('a\\u001b[2J\\u0000\\u009b\\u202e\tb\nc');
});

test.each([
  [Buffer.from('{"a":1}'), 'json', '{\n  "a": 1\n}'],
  [Buffer.from('plain ü'), 'text', 'plain ü'],
  [Buffer.from(''), 'text', ''],
  [Uint8Array.of(0xc3), 'hex', '00000000  c3                                               .'],
])('%p is shown as %s', (payload, kind, text) => {
  expect(showPayload(payload)).toEqual({ kind, text });
});

test('hex in lines of sixteen', () => {
  const { text } = showPayload(Uint8Array.from({ length: 18 }, (_, i) => (i === 0 ? 0xff : 0x40 + i)));
  expect(text.split('\n')).toEqual([
    '00000000  ff 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f  .ABCDEFGHIJKLMNO',
    '00000010  50 51                                            PQ',
  ]);
});
