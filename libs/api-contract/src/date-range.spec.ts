import { resolveRange } from './date-range.js';

const at = (instant: string, o: { from?: string; to?: string; timezone?: string } = {}) =>
  resolveRange({ timezone: 'UTC', nowMs: Date.parse(instant), ...o });

describe('resolveRange', () => {
  test('the last 30 days, today among them', () => {
    expect(at('2024-03-12T18:00:00Z')).toEqual({ ok: true, from: '2024-02-12', to: '2024-03-12' });
  });

  test('today is what it is in the zone', () => {
    const instant = '2024-03-12T02:00:00Z';
    expect(at(instant, { timezone: 'America/New_York' })).toMatchObject({ to: '2024-03-11' });
    expect(at(instant, { timezone: 'Pacific/Kiritimati' })).toMatchObject({ to: '2024-03-12' });
  });

  test('what is given stays', () => {
    expect(at('2024-03-12T18:00:00Z', { from: '2024-03-01' })).toEqual({
      ok: true,
      from: '2024-03-01',
      to: '2024-03-12',
    });
    expect(at('2024-03-12T18:00:00Z', { to: '2023-01-30' })).toEqual({
      ok: true,
      from: '2023-01-01',
      to: '2023-01-30',
    });
    expect(at('2024-03-12T18:00:00Z', { from: '2030-01-01', to: '2030-01-01' })).toMatchObject({ ok: true });
  });

  test('defaults stay among the dates that are taken', () => {
    expect(at('2024-03-12T18:00:00Z', { to: '1900-01-05' })).toMatchObject({ from: '1900-01-01' });
    expect(at('1900-01-01T00:00:00Z', { timezone: 'America/New_York' })).toEqual({
      ok: true,
      from: '1900-01-01',
      to: '1900-01-01',
    });
    expect(at('9988-12-31T23:59:59Z', { timezone: 'Pacific/Kiritimati' })).toMatchObject({
      to: '9988-12-31',
    });
  });

  test('a shorter limit', () => {
    const range = { from: '2024-01-01', timezone: 'UTC', nowMs: Date.parse('2024-04-01T00:00:00Z') };
    expect(resolveRange({ ...range, maxDays: 92 })).toMatchObject({ ok: true, to: '2024-04-01' });
    expect(resolveRange({ ...range, maxDays: 91 })).toMatchObject({
      ok: false,
      errors: [{ path: 'from', code: 'range_too_long', message: expect.stringContaining('at most 91') }],
    });
  });

  test('order and length are looked at once the defaults are there', () => {
    expect(at('2024-03-12T18:00:00Z', { from: '2024-03-13' })).toEqual({
      ok: false,
      errors: [
        {
          path: 'from',
          code: 'from_after_to',
          message:
            'from (2024-03-13) is after today in UTC (2024-03-12): send a from that is the same day or earlier.',
        },
      ],
    });
    expect(at('2024-03-12T18:00:00Z', { from: '2014-03-06' })).toMatchObject({ ok: true });
    expect(at('2024-03-12T18:00:00Z', { from: '2014-03-05' })).toMatchObject({
      ok: false,
      errors: [{ path: 'from', code: 'range_too_long', message: expect.stringContaining('3661 days') }],
    });
  });
});
