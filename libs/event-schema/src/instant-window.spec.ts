import fc from 'fast-check';
import { instantWindow, isPlainInstant } from './instant-window.js';
import { CEILING_LIMITS, DEFAULT_LIMITS, type EventLimits } from './limits.js';
import { readOccurredAt } from './occurred-at.js';

const DAY_MS = 86_400_000;
const isPlain = (text: string, limits: EventLimits, nowMs: number) =>
  isPlainInstant(text, instantWindow(limits, nowMs));

describe('isPlainInstant', () => {
  const nowMs = fc.oneof(
    fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2024, 0, 1) + 3_000 }),
    fc.constantFrom(0, Date.UTC(9998, 11, 31)),
  );
  const limits = fc.oneof(
    fc.constantFrom<EventLimits>(DEFAULT_LIMITS, CEILING_LIMITS, {
      ...CEILING_LIMITS,
      minOccurredAtMs: -Infinity,
      maxFutureMs: Infinity,
    }),
    fc
      .record({
        maxAgeMs: fc.integer({ min: 0, max: 3_000 }),
        maxFutureMs: fc.integer({ min: -1, max: 3_000 }),
      })
      .map((change) => ({ ...DEFAULT_LIMITS, ...change })),
  );
  const digits = fc.tuple(
    fc.constantFrom('0000', '0999', '1899', '1900', '2023', '2024', '9998', '9999'),
    ...[13, 32, 25, 61, 61].map((max) => fc.integer({ min: 0, max })),
    fc.integer({ min: 0, max: 999 }),
  );
  const anyInstant = digits.map(([year, month, day, hour, minute, second, ms]) => {
    const two = (n: number) => String(n).padStart(2, '0');
    return `${year}-${two(month ?? 0)}-${two(day ?? 0)}T${two(hour ?? 0)}:${two(minute ?? 0)}:${two(second ?? 0)}.${String(ms).padStart(3, '0')}Z`;
  });

  test('takes nothing that readOccurredAt does not take as it stands', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        nowMs,
        limits,
        fc.integer({ min: -4_000, max: 4_000 }),
        anyInstant,
        (now, o, offset, any) => {
          for (const text of [new Date(now + offset).toISOString(), any]) {
            if (!isPlain(text, o, now)) continue;
            taken += 1;
            expect(readOccurredAt(text, o, now)).toEqual({ ok: true, iso: text });
          }
        },
      ),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  test('follows the clock, also when it is set back', () => {
    const limits = { ...DEFAULT_LIMITS, maxAgeMs: DAY_MS, maxFutureMs: DAY_MS };
    const text = '2024-03-04T10:00:00.000Z';
    const atMs = Date.parse(text);
    const offsets = [0, 2 * DAY_MS, DAY_MS - 2_000, -2 * DAY_MS, 2_000 - DAY_MS];
    expect(offsets.map((offset) => isPlain(text, limits, atMs + offset))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
  });

  test.each([
    ['another spelling', '2024-03-04T10:00:00Z'],
    ['another zone', '2024-03-04T10:00:00.000+00:00'],
    ['a line break behind it', '2024-03-04T10:00:00.000Z\n'],
    ['a 30 February', '2024-02-30T10:00:00.000Z'],
    ['24:00', '2024-03-04T24:00:00.000Z'],
  ])('leaves alone %s', (_, text) => {
    expect(isPlain(text, DEFAULT_LIMITS, Date.UTC(2024, 5, 1))).toBe(false);
  });

  test('takes every day but 29 February at once', () => {
    const days = Array.from({ length: 12 * 31 }, (_, i) =>
      [Math.floor(i / 31) + 1, (i % 31) + 1].map((n) => String(n).padStart(2, '0')).join('-'),
    );
    const taken = days.filter((day) =>
      isPlain(`2024-${day}T10:00:00.000Z`, DEFAULT_LIMITS, Date.UTC(2025, 5, 1)),
    );
    const all = Array.from({ length: 366 }, (_, i) => new Date(Date.UTC(2024, 0, i + 1)).toISOString());
    expect(taken).toEqual(all.map((iso) => iso.slice(5, 10)).filter((day) => day !== '02-29'));
  });

  test('is empty where nothing is taken', () => {
    const limits = { ...DEFAULT_LIMITS, minOccurredAtMs: Date.UTC(2025, 0, 1) };
    expect(isPlain('2024-03-04T10:00:00.000Z', limits, Date.UTC(2024, 5, 1))).toBe(false);
  });
});
