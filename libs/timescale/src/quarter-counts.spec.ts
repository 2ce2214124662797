import fc from 'fast-check';
import { decodeQuarterCounts, encodeQuarterCounts } from './quarter-counts.js';

const counts = fc.array(
  fc.oneof(fc.constant(0), fc.nat(300), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER })),
  { minLength: 96, maxLength: 96 },
);

describe('quarter counts', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(counts, (day) => {
        expect([...decodeQuarterCounts(encodeQuarterCounts(day))]).toEqual(day);
      }),
    );
  });

  it('add up', () => {
    const day = Array.from({ length: 96 }, (_, i) => i * 1_000);
    const twice = decodeQuarterCounts(
      encodeQuarterCounts(day),
      decodeQuarterCounts(encodeQuarterCounts(day)),
    );
    expect([...twice]).toEqual(day.map((n) => n * 2));
  });

  it('take two bytes for a quarter with few events, none for a quarter without', () => {
    const day = new Array<number>(96).fill(0);
    expect(encodeQuarterCounts(day)).toHaveLength(0);
    day[95] = 127;
    expect([...encodeQuarterCounts(day)]).toEqual([95, 127]);
  });

  it.each([[[3]], [[96, 1]], [[3, 255]], [[3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]]])(
    'refuses %j',
    (bytes) => {
      expect(() => decodeQuarterCounts(Uint8Array.from(bytes))).toThrow(RangeError);
    },
  );
});
