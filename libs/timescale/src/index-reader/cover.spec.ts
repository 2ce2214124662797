import { dayNumber } from '@event-analytics/calendar';
import { NOTHING } from '../indexer/index-key.js';
import { coverOf } from './cover.js';

const day = dayNumber;
const month = (date: string) => (Number(date.slice(0, 4)) - 1970) * 12 + Number(date.slice(5)) - 1;
const SEALED = month('2024-03');

describe('coverOf', () => {
  it('takes days where no month is whole or sealed', () => {
    for (const [first, last] of [
      ['2024-01-02', '2024-01-31'],
      ['2024-01-31', '2024-02-28'],
      ['2024-03-01', '2024-05-31'],
      ['2024-02-29', '2024-03-31'],
      ['2024-01-15', '2024-01-15'],
    ] as const) {
      expect(coverOf(day(first), day(last), SEALED)).toEqual([
        { unit: 'd', first: day(first), last: day(last) },
      ]);
    }
    expect(coverOf(-Infinity, day('2024-01-31'), NOTHING)).toEqual([
      { unit: 'd', first: -Infinity, last: day('2024-01-31') },
    ]);
  });

  it('takes sealed months, and days around them', () => {
    expect(coverOf(day('2024-01-01'), day('2024-01-31'), SEALED)).toEqual([
      { unit: 'm', first: month('2024-01'), last: month('2024-01') },
    ]);
    expect(coverOf(day('2023-12-30'), day('2024-02-02'), SEALED)).toEqual([
      { unit: 'd', first: day('2023-12-30'), last: day('2023-12-31') },
      { unit: 'm', first: month('2024-01'), last: month('2024-01') },
      { unit: 'd', first: day('2024-02-01'), last: day('2024-02-02') },
    ]);
    expect(coverOf(day('2024-01-01'), day('2024-04-30'), SEALED)).toEqual([
      { unit: 'm', first: month('2024-01'), last: month('2024-02') },
      { unit: 'd', first: day('2024-03-01'), last: day('2024-04-30') },
    ]);
  });

  it('takes ranges without end', () => {
    expect(coverOf(-Infinity, day('2024-02-29'), SEALED)).toEqual([
      { unit: 'm', first: -Infinity, last: month('2024-02') },
    ]);
    expect(coverOf(-Infinity, day('2024-02-28'), SEALED)).toEqual([
      { unit: 'm', first: -Infinity, last: month('2024-01') },
      { unit: 'd', first: day('2024-02-01'), last: day('2024-02-28') },
    ]);
    expect(coverOf(day('2024-01-31'), Infinity, SEALED)).toEqual([
      { unit: 'd', first: day('2024-01-31'), last: day('2024-01-31') },
      { unit: 'm', first: month('2024-02'), last: month('2024-02') },
      { unit: 'd', first: day('2024-03-01'), last: Infinity },
    ]);
    expect(coverOf(day('2024-03-15'), Infinity, SEALED)).toEqual([
      { unit: 'd', first: day('2024-03-15'), last: Infinity },
    ]);
  });
});
