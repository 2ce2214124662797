import { retentionWindows } from '@event-analytics/calendar';

import { retentionTable, type CohortCounts } from './retention-table.js';

/** The worked example of the semantics. */
const AS_OF = Date.parse('2024-03-12T18:00:00Z');
const NONE: CohortCounts = { size: 0, retained: Array<number>(9).fill(0) };

function dailyTable(rows: Record<string, CohortCounts>, asOfMs = AS_OF): ReturnType<typeof retentionTable> {
  const windows = retentionWindows('UTC', '2024-03-04', 'daily', 17);
  const counts = windows.slice(0, 9).map(({ start }) => rows[start] ?? NONE);
  return retentionTable(counts, windows, asOfMs);
}

const EXAMPLE = {
  '2024-03-04': { size: 2, retained: [2, 1, 1, 0, 0, 0, 0, 1, 0] },
  '2024-03-05': { size: 1, retained: [1, 0, 0, 0, 0, 1, 1, 0, 0] },
  '2024-03-11': { size: 1, retained: [1, 1, 0, 0, 0, 0, 0, 0, 0] },
};

describe('retentionTable', () => {
  it('shows what is not over as incomplete and what has not begun as null', () => {
    const { cohorts } = dailyTable(EXAMPLE);
    expect(cohorts[0]).toEqual({
      start: '2024-03-04',
      size: 2,
      retained: [2, 1, 1, 0, 0, 0, 0, 1, 0],
      rates: [1, 0.5, 0.5, 0, 0, 0, 0, 0.5, 0],
      complete: [true, true, true, true, true, true, true, true, false],
    });
    expect(cohorts[1]).toEqual({
      start: '2024-03-05',
      size: 1,
      retained: [1, 0, 0, 0, 0, 1, 1, 0, null],
      rates: [1, 0, 0, 0, 0, 1, 1, 0, null],
      complete: [true, true, true, true, true, true, true, false, false],
    });
    expect(cohorts[7]).toEqual({
      start: '2024-03-11',
      size: 1,
      retained: [1, 1, null, null, null, null, null, null, null],
      rates: [1, 1, null, null, null, null, null, null, null],
      complete: [true, false, false, false, false, false, false, false, false],
    });
  });

  it('keeps a cohort of nobody: zeros, and no rates', () => {
    const empty = dailyTable(EXAMPLE).cohorts[2];
    expect(empty).toMatchObject({
      start: '2024-03-06',
      size: 0,
      retained: [0, 0, 0, 0, 0, 0, 0, null, null],
    });
    expect(empty?.rates).toEqual(Array(9).fill(null));
  });

  it('averages over complete cells, by size', () => {
    // n = 0: (2+1+1)/4; n = 1: 03-11's is not over, so (1+0)/3; n = 7: 03-05's is not over, so 1/2; n = 8: none.
    expect(dailyTable(EXAMPLE).average).toEqual([1, 1 / 3, 1 / 3, 0, 0, 1 / 3, 1 / 3, 1 / 2, null]);
  });

  it('knows nothing of a cohort that has not begun, whatever was counted', () => {
    const early = dailyTable(EXAMPLE, Date.parse('2024-03-03T23:59:59.999Z'));
    expect(early.cohorts[0]).toEqual({
      start: '2024-03-04',
      size: 0,
      retained: Array(9).fill(null),
      rates: Array(9).fill(null),
      complete: Array(9).fill(false),
    });
    expect(early.average).toEqual(Array(9).fill(null));
  });

  it('begins with its first instant and is complete with its last', () => {
    const at = (instant: string): unknown => dailyTable(EXAMPLE, Date.parse(instant)).cohorts[0];
    expect(at('2024-03-04T00:00:00.000Z')).toMatchObject({
      size: 2,
      retained: expect.arrayContaining([2, null]),
    });
    expect(at('2024-03-04T23:59:59.999Z')).toMatchObject({ complete: expect.not.arrayContaining([true]) });
    expect(at('2024-03-05T00:00:00.000Z')).toMatchObject({ complete: expect.arrayContaining([true]) });
  });
});
