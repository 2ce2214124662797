import { periodsTouching, retentionWindows, type Period } from './period.js';

const iso = (ms: number) => new Date(ms).toISOString();
const spans = (periods: readonly Period[]) =>
  periods.map((p) => `${p.start}…${p.end} ${iso(p.startMs)} ${iso(p.endMs)}`);

describe('periodsTouching', () => {
  it('has every day of the range', () => {
    expect(spans(periodsTouching('America/New_York', 'day', '2024-03-09', '2024-03-11'))).toEqual([
      '2024-03-09…2024-03-09 2024-03-09T05:00:00.000Z 2024-03-10T05:00:00.000Z',
      '2024-03-10…2024-03-10 2024-03-10T05:00:00.000Z 2024-03-11T04:00:00.000Z',
      '2024-03-11…2024-03-11 2024-03-11T04:00:00.000Z 2024-03-12T04:00:00.000Z',
    ]);
    expect(periodsTouching('UTC', 'day', '2020-01-01', '2030-01-07')).toHaveLength(3660);
    expect(periodsTouching('UTC', 'day', '2024-01-02', '2024-01-01')).toEqual([]);
  });

  it('has whole weeks from Monday and whole months', () => {
    expect(spans(periodsTouching('UTC', 'week', '2024-03-03', '2024-03-04'))).toEqual([
      '2024-02-26…2024-03-03 2024-02-26T00:00:00.000Z 2024-03-04T00:00:00.000Z',
      '2024-03-04…2024-03-10 2024-03-04T00:00:00.000Z 2024-03-11T00:00:00.000Z',
    ]);
    expect(spans(periodsTouching('UTC', 'month', '2024-01-31', '2024-02-01'))).toEqual([
      '2024-01-01…2024-01-31 2024-01-01T00:00:00.000Z 2024-02-01T00:00:00.000Z',
      '2024-02-01…2024-02-29 2024-02-01T00:00:00.000Z 2024-03-01T00:00:00.000Z',
    ]);
  });

  it('makes a skipped day an empty period at the skip', () => {
    expect(spans(periodsTouching('Pacific/Apia', 'day', '2011-12-29', '2011-12-31'))).toEqual([
      '2011-12-29…2011-12-29 2011-12-29T10:00:00.000Z 2011-12-30T10:00:00.000Z',
      '2011-12-30…2011-12-30 2011-12-30T10:00:00.000Z 2011-12-30T10:00:00.000Z',
      '2011-12-31…2011-12-31 2011-12-30T10:00:00.000Z 2011-12-31T10:00:00.000Z',
    ]);
    expect(spans(periodsTouching('Pacific/Apia', 'day', '2011-12-30', '2011-12-30'))).toEqual([
      '2011-12-30…2011-12-30 2011-12-30T10:00:00.000Z 2011-12-30T10:00:00.000Z',
    ]);
  });

  it('lasts until the last instant of a day that the clock came back to', () => {
    expect(spans(periodsTouching('America/St_Johns', 'day', '2007-11-03', '2007-11-04'))).toEqual([
      '2007-11-03…2007-11-03 2007-11-03T02:30:00.000Z 2007-11-04T03:30:00.000Z',
      '2007-11-04…2007-11-04 2007-11-04T02:30:00.000Z 2007-11-05T03:30:00.000Z',
    ]);
  });
});

describe('retentionWindows', () => {
  it('begins spans of 7 days on any weekday', () => {
    expect(retentionWindows('UTC', '2024-02-21', 'weekly', 2).map((p) => [p.start, p.end])).toEqual([
      ['2024-02-21', '2024-02-27'],
      ['2024-02-28', '2024-03-05'],
    ]);
  });

  it('has calendar months and days', () => {
    expect(retentionWindows('UTC', '2023-12-01', 'monthly', 3).map((p) => [p.start, p.end])).toEqual([
      ['2023-12-01', '2023-12-31'],
      ['2024-01-01', '2024-01-31'],
      ['2024-02-01', '2024-02-29'],
    ]);
    expect(retentionWindows('UTC', '2023-12-31', 'daily', 2).map((p) => p.start)).toEqual([
      '2023-12-31',
      '2024-01-01',
    ]);
    expect(retentionWindows('UTC', '2023-12-31', 'daily', 0)).toEqual([]);
  });
});
