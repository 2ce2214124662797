import { exactCount, hexArray, instant, instantArray, intArray, textArray } from './sql-text.js';

describe('what PostgreSQL reads', () => {
  it('arrays', () => {
    expect(intArray([-1, 0, 2])).toBe('{-1,0,2}');
    expect(intArray([])).toBe('{}');
    expect(textArray(['', 'NULL', 'a b,{"c\\d"}'])).toBe('{"","NULL","a b,{\\"c\\\\d\\"}"}');
    expect(hexArray([Uint8Array.of(0, 255), Uint8Array.of()])).toBe('{"00ff",""}');
    expect(instantArray([0, 1])).toBe('{1970-01-01T00:00:00.000Z,1970-01-01T00:00:00.001Z}');
  });

  it('instants, kept within the years of four digits, in order', () => {
    expect(instant(-Infinity)).toBe('0001-01-01T00:00:00.000Z');
    expect(instant(Date.parse('+010000-01-02T00:00:00Z'))).toBe('9999-12-31T23:59:59.999Z');
  });

  it('counts, as long as they are exact', () => {
    expect(exactCount('9007199254740991')).toBe(Number.MAX_SAFE_INTEGER);
    expect(() => exactCount('9007199254740993')).toThrow(
      expect.objectContaining({ code: 'count_too_large' }),
    );
    expect(() => exactCount('many')).toThrow(expect.objectContaining({ code: 'count_too_large' }));
  });
});
