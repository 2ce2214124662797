import { nextDays } from './undo-days.js';

const day = (day: number, events: number, imported: number) => ({ day, events, imported });

describe('nextDays', () => {
  it.each([
    ['all of them', [day(10, 5, 5), day(12, 4, 0)], { first: 10, doneTo: 2_000, events: 9 }],
    [
      'none before the first that the import is in',
      [day(9, 900, 0), day(10, 5, 5)],
      { first: 10, doneTo: 2_000, events: 5 },
    ],
    [
      'no more than may be counted anew',
      [day(10, 60, 1), day(11, 40, 0), day(13, 1, 1)],
      { first: 10, doneTo: 13 * 96, events: 100 },
    ],
    ['one, however large', [day(10, 1_000, 1), day(11, 1, 1)], { first: 10, doneTo: 11 * 96, events: 1_000 }],
  ])('takes %s', (_, days, expected) => {
    expect(nextDays(days, { eventsMax: 100, to: 2_000 })).toEqual(expected);
  });
});
