import { addDays, addMonths, daysBetween, isLocalDate, isoWeekStart, monthStart } from './local-date.js';

describe('isLocalDate', () => {
  it.each(['2024-02-29', '1970-01-01', '0001-01-01', '9999-12-31'])('takes %s', (text) => {
    expect(isLocalDate(text)).toBe(true);
  });
  it.each([
    '2023-02-29',
    '2024-02-30',
    '2024-13-01',
    '2024-00-10',
    '2024-1-01',
    '0000-12-31',
    '+02024-01-01',
    '2024-01-01T00:00:00Z',
    '２０２４-01-01',
    '',
  ])('refuses %s', (text) => {
    expect(isLocalDate(text)).toBe(false);
  });
});

describe('date arithmetic', () => {
  it('counts days over months, leap days and centuries', () => {
    expect(addDays('2024-02-28', 2)).toBe('2024-03-01');
    expect(addDays('2023-02-28', 1)).toBe('2023-03-01');
    expect(addDays('2100-02-28', 1)).toBe('2100-03-01');
    expect(addDays('2000-01-01', -1)).toBe('1999-12-31');
    expect(addDays('0099-12-31', 1)).toBe('0100-01-01');
    expect(daysBetween('2024-02-28', '2024-03-01')).toBe(2);
    expect(daysBetween('2024-03-01', '2024-02-28')).toBe(-2);
  });

  it('adds months, at the last day where the month is too short', () => {
    expect(addMonths('2024-01-01', 12)).toBe('2025-01-01');
    expect(addMonths('2024-01-31', 1)).toBe('2024-02-29');
    expect(addMonths('2024-01-15', -2)).toBe('2023-11-15');
  });

  it('begins ISO weeks on Monday, before 1970 too', () => {
    for (const day of ['2024-03-04', '2024-03-07', '2024-03-10'])
      expect(isoWeekStart(day)).toBe('2024-03-04');
    expect(isoWeekStart('2024-01-01')).toBe('2024-01-01');
    expect(isoWeekStart('2023-01-01')).toBe('2022-12-26');
    expect(isoWeekStart('1969-12-31')).toBe('1969-12-29');
    expect(isoWeekStart('1970-01-01')).toBe('1969-12-29');
  });

  it('knows the 1st of a month', () => {
    expect(monthStart('2024-02-29')).toBe('2024-02-01');
  });
});
