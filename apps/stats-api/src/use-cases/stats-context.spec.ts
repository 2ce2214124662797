import { InvalidQueryError, rangeOf } from './stats-context.js';

const context = { clock: () => Date.parse('2024-03-12T18:00:00Z'), defaultZone: 'Asia/Tokyo' };

describe('rangeOf', () => {
  it('ends today in the zone, and holds 30 days', () => {
    expect(rangeOf({}, context)).toEqual({
      from: '2024-02-13',
      to: '2024-03-13',
      timezone: 'Asia/Tokyo',
      asOfMs: context.clock(),
    });
    expect(rangeOf({ timezone: 'UTC' }, context)).toMatchObject({ from: '2024-02-12', to: '2024-03-12' });
    expect(rangeOf({ to: '2024-01-30' }, context)).toMatchObject({ from: '2024-01-01', to: '2024-01-30' });
  });

  it('does not move with as_of', () => {
    expect(rangeOf({ as_of: '2020-01-01T00:00:00.000Z' }, context)).toMatchObject({
      to: '2024-03-13',
      asOfMs: Date.parse('2020-01-01T00:00:00Z'),
    });
  });

  it('refuses a range that only the default makes wrong', () => {
    expect(() => rangeOf({ from: '2024-03-14' }, context)).toThrow(InvalidQueryError);
    expect(() => rangeOf({ from: '2010-01-01' }, context)).toThrow(/at most 3660/);
  });
});
