import { chooseLetters, countByReason } from './choose-letters.js';

const index = [
  { sequence: 1, copies: [4, 9], reason: 'a' },
  { sequence: 2, copies: [], reason: 'b' },
  { sequence: 3, copies: [], reason: 'b' },
];
const sequences = (chosen: ReturnType<typeof chooseLetters>) =>
  chosen.letters.map(({ sequence }) => sequence);

test('all, by reason, by sequence', () => {
  expect(sequences(chooseLetters(index, { by: 'all' }))).toEqual([1, 2, 3]);
  expect(sequences(chooseLetters(index, { by: 'reason', reason: 'b' }))).toEqual([2, 3]);
  expect(chooseLetters(index, { by: 'sequence', sequences: [3, 7] })).toEqual({
    letters: [index[2]],
    missing: [7],
  });
});

test('a copy is its letter, named once', () => {
  const chosen = chooseLetters(index, { by: 'sequence', sequences: [9, 1, 4] });
  expect(sequences(chosen)).toEqual([1]);
  expect(chosen.missing).toEqual([]);
});

test('counts by reason, the most frequent first', () => {
  expect(Object.entries(countByReason(index))).toEqual([
    ['b', 2],
    ['a', 1],
  ]);
});
