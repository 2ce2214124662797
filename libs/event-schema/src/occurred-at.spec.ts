import fc from 'fast-check';
import { DEFAULT_LIMITS } from './limits.js';
import { parseInstantMs, readOccurredAt } from './occurred-at.js';

const nowMs = Date.UTC(2024, 5, 1);
const read = (text: string) => readOccurredAt(text, DEFAULT_LIMITS, nowMs);

describe('occurred_at', () => {
  test.each([
    ['2024-01-31T23:59:59.999Z', '2024-01-31T23:59:59.999Z'],
    ['2024-01-31T23:59:59Z', '2024-01-31T23:59:59.000Z'],
    ['2024-01-31t23:59:59z', '2024-01-31T23:59:59.000Z'],
    ['2024-01-31T13:00:00.000+01:00', '2024-01-31T12:00:00.000Z'],
    ['2024-01-31T23:30:00-00:30', '2024-02-01T00:00:00.000Z'],
    ['2024-01-01T00:00:00+23:59', '2023-12-31T00:01:00.000Z'],
    ['2024-01-01T00:00:00-00:00', '2024-01-01T00:00:00.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    // Truncated, never rounded: the day stays what the client said.
    ['2024-01-31T23:59:59.9999999Z', '2024-01-31T23:59:59.999Z'],
    ['2024-01-31T23:59:59.1Z', '2024-01-31T23:59:59.100Z'],
    ['2024-01-31T23:59:59.0019+00:00', '2024-01-31T23:59:59.001Z'],
    [`2024-01-31T23:59:59.5${'0'.repeat(5000)}Z`, '2024-01-31T23:59:59.500Z'],
    ['1990-01-01T00:00:00Z', '1990-01-01T00:00:00.000Z'],
    ['2024-06-02T00:00:00Z', '2024-06-02T00:00:00.000Z'],
  ])('%.40s is %s', (text, iso) => {
    expect(read(text)).toEqual({ ok: true, iso });
  });

  test.each([
    [''],
    ['2024-01-31'],
    ['2024-01-31T23:59:59'],
    ['2024-01-31T23:59Z'],
    ['2024-01-31 23:59:59Z'],
    ['2024-01-31T23:59:59.Z'],
    ['2024-01-31T23:59:59,5Z'],
    ['2024-01-31T23:59:60Z'],
    ['2024-01-31T24:00:00Z'],
    ['2024-01-31T23:60:00Z'],
    ['2024-01-31T23:59:59+24:00'],
    ['2024-01-31T23:59:59+01:60'],
    ['2024-01-31T23:59:59+0100'],
    ['2024-01-31T23:59:59+01'],
    ['2024-01-31T23:59:59 +01:00'],
    ['2024-02-30T00:00:00Z'],
    ['2023-02-29T00:00:00Z'],
    ['1900-02-29T00:00:00Z'],
    ['2024-04-31T00:00:00Z'],
    ['2024-00-10T00:00:00Z'],
    ['2024-13-10T00:00:00Z'],
    ['2024-01-00T00:00:00Z'],
    ['24-01-01T00:00:00Z'],
    ['+02024-01-01T00:00:00Z'],
    ['2024-01-31T23:59:59Z\n'],
    [' 2024-01-31T23:59:59Z'],
    ['٢٠٢٤-01-31T23:59:59Z'],
    ['1706745599'],
    ['Wed, 31 Jan 2024 23:59:59 GMT'],
  ])('%j is no timestamp', (text) => {
    expect(read(text)).toMatchObject({
      ok: false,
      problem: { path: 'occurred_at', code: 'invalid_timestamp' },
    });
  });

  test.each([
    ['1989-12-31T23:59:59.999Z', 'timestamp_too_old'],
    ['1990-01-01T00:00:00+00:01', 'timestamp_too_old'],
    ['1970-01-01T00:00:00Z', 'timestamp_too_old'],
    ['0000-01-01T00:00:00+23:59', 'timestamp_too_old'],
    ['0099-12-31T00:00:00Z', 'timestamp_too_old'],
    ['2024-06-02T00:00:00.001Z', 'timestamp_in_future'],
    ['9999-12-31T23:59:59-23:59', 'timestamp_in_future'],
  ])('%s is %s', (text, code) => {
    expect(read(text)).toMatchObject({ ok: false, problem: { code } });
  });

  test('with a greatest age the earliest instant moves with the clock, and is named', () => {
    const limits = { ...DEFAULT_LIMITS, maxAgeMs: 30 * 86_400_000 };
    const at = (text: string, now: string) => readOccurredAt(text, limits, Date.parse(now));
    expect(at('2024-05-02T12:00:00Z', '2024-06-01T12:00:00Z')).toMatchObject({ ok: true });
    const tooOld = at('2024-05-02T12:00:00Z', '2024-06-01T12:00:00.001Z');
    expect(tooOld).toMatchObject({ ok: false, problem: { code: 'timestamp_too_old' } });
    expect(tooOld).toMatchObject({
      problem: { message: expect.stringContaining('before 2024-05-02T12:00:00.001Z') as string },
    });
    // The fixed limit still holds where it is the later one.
    expect(at('1989-12-31T00:00:00Z', '1990-01-02T00:00:00Z')).toMatchObject({ ok: false });
  });

  test('whatever is configured, no date needs five digits of year', () => {
    const anyFuture = { minOccurredAtMs: -Infinity, maxAgeMs: Infinity, maxFutureMs: Infinity };
    expect(readOccurredAt('9998-12-31T23:59:59Z', anyFuture, 0)).toMatchObject({ ok: true });
    expect(readOccurredAt('9999-12-31T23:59:59Z', anyFuture, 0)).toMatchObject({
      ok: false,
      problem: { code: 'timestamp_in_future' },
    });
  });

  test('agrees with Date.parse on every real instant and offset', () => {
    const twoDigits = (n: number) => String(n).padStart(2, '0');
    const instant = fc.date({
      min: new Date(-62_000_000_000_000),
      max: new Date(253_000_000_000_000),
      noInvalidDate: true,
    });
    const offset = fc.tuple(fc.constantFrom('+', '-'), fc.nat(23), fc.nat(59));
    fc.assert(
      fc.property(instant, offset, (date, [sign, hours, minutes]) => {
        const text = `${date.toISOString().slice(0, -1)}${sign}${twoDigits(hours)}:${twoDigits(minutes)}`;
        expect(parseInstantMs(text)).toBe(Date.parse(text));
      }),
    );
  });
});
