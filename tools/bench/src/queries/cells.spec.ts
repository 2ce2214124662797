import { firstDifference } from './cells.js';

const cells = (...entries: [string, number][]) => new Map(entries);
const between = (one: [string, number][], other: [string, number][]) =>
  firstDifference('DAU', { name: 'SQL', cells: cells(...one) }, { name: 'DuckDB', cells: cells(...other) });

test('the first cell that differs is named, with both numbers', () => {
  expect(
    between(
      [
        ['03-04', 3],
        ['03-05', 2],
      ],
      [
        ['03-04', 3],
        ['03-05', 1],
      ],
    ),
  ).toBe('DAU, 03-05: SQL says 2, DuckDB 1');
});

test.each<[string, [string, number][], [string, number][]]>([
  ['a cell that only the first has', [['03-04', 1]], []],
  ['a cell that only the second has', [], [['03-04', 1]]],
  ['what is no number', [['03-04', NaN]], [['03-04', 0]]],
])('%s is a difference', (_, one, other) => {
  expect(between(one, other)).toMatch(/^DAU, 03-04: /);
});

test('a cell that is not named is 0, and the order does not matter', () => {
  expect(
    between(
      [
        ['a', 1],
        ['b', 2],
        ['c', 0],
      ],
      [
        ['b', 2],
        ['a', 1],
      ],
    ),
  ).toBeUndefined();
});
