import { BEFORE, dayBuckets, type DayBuckets } from './day-buckets.js';

/** What PostgreSQL makes of the parameters. */
function ordinalAt({ starts, ordinals }: DayBuckets, instant: string): number | undefined {
  const list = (text: string) => text.slice(1, -1).split(',');
  const bucket = list(starts).filter((start) => Date.parse(start) <= Date.parse(instant)).length;
  const ordinal = list(ordinals)[bucket - 1];
  return ordinal === undefined ? undefined : Number(ordinal);
}

describe('dayBuckets', () => {
  it('has one stretch per span, one before and one after', () => {
    const buckets = dayBuckets('UTC', [
      { start: '2024-03-04', end: '2024-03-10' },
      { start: '2024-03-11', end: '2024-03-17' },
    ]);
    expect(buckets).toEqual({
      starts:
        '{0001-01-01T00:00:00.000Z,2024-03-04T00:00:00.000Z,2024-03-11T00:00:00.000Z,2024-03-18T00:00:00.000Z}',
      ordinals: '{-1,0,1,2}',
      from: '2024-03-04T00:00:00.000Z',
      to: '2024-03-18T00:00:00.000Z',
    });
  });

  it("gives the minute of the next day inside of St John's 3 November 2007 to the next day", () => {
    const buckets = dayBuckets('America/St_Johns', [{ start: '2007-11-03', end: '2007-11-03' }]);
    expect(ordinalAt(buckets, '2007-11-03T02:29:59.999Z')).toBe(BEFORE);
    expect(ordinalAt(buckets, '2007-11-03T02:30:00.000Z')).toBe(0);
    expect(ordinalAt(buckets, '2007-11-04T02:30:30.000Z')).toBe(1);
    expect(ordinalAt(buckets, '2007-11-04T02:31:00.000Z')).toBe(0);
    expect(ordinalAt(buckets, '2007-11-04T03:30:00.000Z')).toBe(1);
    expect(buckets.to).toBe('2007-11-04T03:30:00.000Z');
    const next = dayBuckets('America/St_Johns', [{ start: '2007-11-04', end: '2007-11-04' }]);
    expect(next.from).toBe('2007-11-04T02:30:00.000Z');
    expect(ordinalAt(next, '2007-11-04T02:30:30.000Z')).toBe(0);
    expect(ordinalAt(next, '2007-11-04T02:31:00.000Z')).toBe(BEFORE);
  });

  it('is an empty range for a day that the zone skipped', () => {
    const { from, to } = dayBuckets('Pacific/Apia', [{ start: '2011-12-30', end: '2011-12-30' }]);
    expect(from).toBe(to);
  });
});
