import fc from 'fast-check';
import { scanJson } from './json-scan.js';

const scan = (text: string, maxDepth: number) => {
  const values: { path: (string | number)[]; text: string }[] = [];
  scanJson(text, maxDepth, (path, start, end) =>
    values.push({ path: [...path], text: text.slice(start, end) }),
  );
  return values;
};

describe('scanJson', () => {
  test('reports every value where it ends, with its path', () => {
    expect(scan(' {"a" : [1, {"b":"x]"}],"c":null, "d":[], "e":{} } ', 9)).toEqual([
      { path: ['a', 0], text: '1' },
      { path: ['a', 1, 'b'], text: '"x]"' },
      { path: ['a', 1], text: '{"b":"x]"}' },
      { path: ['a'], text: '[1, {"b":"x]"}]' },
      { path: ['c'], text: 'null' },
      { path: ['d'], text: '[]' },
      { path: ['e'], text: '{}' },
      { path: [], text: '{"a" : [1, {"b":"x]"}],"c":null, "d":[], "e":{} }' },
    ]);
  });

  test('passes over what is deeper than it tracks, and finds its way back', () => {
    expect(scan('{"a":[[1,{"x":2,"y":[3]}],4],"b":5}', 2)).toEqual([
      { path: ['a', 1], text: '4' },
      { path: ['a'], text: '[[1,{"x":2,"y":[3]}],4]' },
      { path: ['b'], text: '5' },
      { path: [], text: '{"a":[[1,{"x":2,"y":[3]}],4],"b":5}' },
    ]);
  });

  test('an empty object leaves nothing behind', () => {
    expect(scan('[{},0,[{}],{"a":{},"b":1}]', 9).map(({ path }) => path.join('.'))).toEqual([
      '0',
      '1',
      '2.0',
      '2',
      '3.a',
      '3.b',
      '3',
      '',
    ]);
  });

  test('survives a depth that recursion would not', () => {
    expect(scan(`${'['.repeat(1e6)}${']'.repeat(1e6)}`, 3).map(({ path }) => path)).toEqual([
      [0, 0],
      [0],
      [],
    ]);
  });

  test('agrees with JSON.parse on any JSON, however it is spaced', () => {
    const valueAt = (root: unknown, path: (string | number)[]) =>
      path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], root);
    const countValues = (value: unknown): number =>
      typeof value !== 'object' || value === null
        ? 1
        : Object.values(value).reduce<number>((sum, child) => sum + countValues(child), 1);
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', ' ', '\n', '\t\r\n'), (value, space) => {
        const text = JSON.stringify(value, null, space);
        const values = scan(text, 1000);
        for (const found of values)
          expect(JSON.parse(found.text)).toEqual(valueAt(JSON.parse(text), found.path));
        expect(values).toHaveLength(countValues(value));
      }),
      { numRuns: 1_000 },
    );
  });
});
