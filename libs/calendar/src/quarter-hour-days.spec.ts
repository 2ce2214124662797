import { dayNumber } from './local-date.js';
import { localDateAt } from './day-pieces.js';
import { isIndexable, quarterHourDays } from './quarter-hour-days.js';

const BUCKET_MS = 900_000;

describe('quarterHourDays', () => {
  it.each([
    ['UTC', '2024-12-30', '2025-01-02'],
    ['America/New_York', '2024-03-08', '2024-03-12'],
    ['America/New_York', '2024-11-01', '2024-11-05'],
    ['Asia/Kathmandu', '2024-06-01', '2024-06-03'],
    ['Australia/Lord_Howe', '2024-10-04', '2024-10-08'],
    ['Pacific/Apia', '2011-12-28', '2012-01-02'],
    ['Pacific/Kiritimati', '1994-12-30', '1995-01-03'],
    ['America/Sao_Paulo', '2018-11-02', '2018-11-06'],
  ])('says the date of every bucket in %s from %s to %s', (zone, from, to) => {
    const days = quarterHourDays(zone);
    const wrong: string[] = [];
    for (let ms = Date.parse(from); ms < Date.parse(to); ms += BUCKET_MS) {
      const day = days.dayOfBucket(ms / BUCKET_MS);
      for (const at of [ms, ms + BUCKET_MS - 1]) {
        if (day !== dayNumber(localDateAt(zone, at))) wrong.push(new Date(at).toISOString());
      }
      if (days.firstBucketOf(day) > ms / BUCKET_MS) wrong.push(`first ${new Date(ms).toISOString()}`);
    }
    expect(wrong).toEqual([]);
  });

  it('knows no day where the date went back or the clock was at no quarter', () => {
    const bucket = (instant: string) => Date.parse(instant) / BUCKET_MS;
    expect(quarterHourDays('America/St_Johns').dayOfBucket(bucket('2007-11-04T02:30:00Z'))).toBeNaN();
    expect(quarterHourDays('America/St_Johns').dayOfBucket(bucket('2024-11-04T02:30:00Z'))).toBe(
      dayNumber('2024-11-03'),
    );
    expect(quarterHourDays('Africa/Monrovia').dayOfBucket(bucket('1971-06-01T12:00:00Z'))).toBeNaN();
  });
});

describe('isIndexable', () => {
  const since = (date: string, zone: string) => isIndexable(zone, Date.parse(date), Date.parse('2100-01-01'));

  it.each([
    'UTC',
    'Europe/Berlin',
    'America/New_York',
    'Asia/Kathmandu',
    'Australia/Lord_Howe',
    'Pacific/Apia',
  ])('%s since 1990', (zone) => {
    expect(since('1990-01-01', zone)).toBe(true);
  });

  it.each(['America/St_Johns', 'Antarctica/Casey'])('not %s since 1990: its date went back', (zone) => {
    expect(since('1990-01-01', zone)).toBe(false);
    expect(since('2024-01-01', zone)).toBe(true);
  });

  it('not Monrovia in 1971, 44 minutes and a half from UTC', () => {
    expect(since('1971-01-01', 'Africa/Monrovia')).toBe(false);
    expect(since('1973-01-01', 'Africa/Monrovia')).toBe(true);
  });
});
