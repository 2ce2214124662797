import { badRows, historyBlocks, type HistoryShape } from './csv-rows.js';

const ROW =
  /([\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}),(\S{24}),(user-[\da-f]{8}),(\w+),"((?:[^"]|"")*)"\n/g;

const shape: HistoryShape = {
  rows: 5_000,
  users: 300,
  types: 10,
  days: 20,
  endMs: Date.UTC(2024, 2, 1),
  order: 'time',
};
const textOf = (of: HistoryShape, which: 'all' | 'good') =>
  [...historyBlocks(of)].map((block) => block[which]).join('');
const rowsOf = (text: string) => [...text.matchAll(ROW)].map(([, ...fields]) => fields);
const msOf = ([, instant]: readonly (string | undefined)[]) => Date.parse(instant ?? '');

test('good rows are events of the days, as many as there are without the bad ones', () => {
  const good = textOf(shape, 'good');
  const rows = rowsOf(good);
  expect(rows.length).toBe(shape.rows - badRows(shape.rows));
  expect(rows.map(([id]) => id).join('').length).toBe(36 * new Set(rows.map(([id]) => id)).size);
  for (const row of rows) {
    expect(msOf(row)).toBeGreaterThanOrEqual(shape.endMs - 20 * 86_400_000);
    expect(msOf(row)).toBeLessThan(shape.endMs);
    expect(JSON.parse((row[4] ?? '').replaceAll('""', '"'))).toMatchObject({ referrer: 'newsletter' });
  }
  expect(good.length / rows.length).toBeGreaterThan(190);
});

test('one of a thousand is bad, in each of four ways, and the others are the same', () => {
  const all = textOf(shape, 'all');
  const bad = [/^not-a-uuid,/m, /,2024-13-45T/, /Z,,/, /,"\[1,2\]"$/m];
  expect(bad.filter((kind) => kind.test(all)).length).toBe(4);
  expect(bad.filter((kind) => kind.test(textOf(shape, 'good'))).length).toBe(0);
  expect(rowsOf(all).map(([id]) => id)).toEqual(
    expect.arrayContaining(
      rowsOf(textOf(shape, 'good'))
        .slice(0, 9)
        .map(([id]) => id),
    ),
  );
});

test('the same whenever asked; in order of time but for some that are late, or in none', () => {
  expect(textOf(shape, 'all')).toBe(textOf(shape, 'all'));
  const descents = (order: 'time' | 'random') => {
    const instants = rowsOf(textOf({ ...shape, order }, 'good')).map(msOf);
    return instants.filter((ms, i) => ms < (instants[i - 1] ?? 0)).length / instants.length;
  };
  expect(descents('time')).toBeLessThan(0.1);
  expect(descents('random')).toBeGreaterThan(0.4);
});

test('types of any number', () => {
  const types = new Set(rowsOf(textOf({ ...shape, types: 25 }, 'good')).map(([, , , type]) => type));
  expect(types.size).toBe(25);
});
