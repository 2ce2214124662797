import { shorten, tableLines } from './table.js';

test('columns are as wide as their widest cell, the last one is not padded', () => {
  expect(tableLines([['a', 'bb'], ['ccc', 'd'], ['e']])).toEqual(['a    bb', 'ccc  d', 'e']);
  expect(tableLines([])).toEqual([]);
});

test('shortens by code points, and only what is too long', () => {
  expect(shorten('abc', 3)).toBe('abc');
  expect(shorten('abcd', 3)).toBe('ab…');
  expect(shorten('😀😀😀', 3)).toBe('😀😀😀');
  expect(shorten('😀😀😀😀', 3)).toBe('😀😀…');
  expect(shorten('x'.repeat(10_000), 3)).toBe('xx…');
});
