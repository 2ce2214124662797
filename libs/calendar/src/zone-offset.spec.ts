import { isTimeZone, zoneOffsetMs } from './zone-offset.js';

describe('isTimeZone', () => {
  it.each([
    'UTC',
    'utc',
    'America/New_York',
    'america/new_york',
    'Asia/Kolkata',
    'Asia/Calcutta',
    'Etc/GMT+5',
    'EST5EDT',
    'EST',
    'W-SU',
    'GB',
    'Pacific/Apia',
  ])('knows %s', (name) => {
    expect(isTimeZone(name)).toBe(true);
  });
  it.each([
    '',
    'Mars/Olympus',
    '+01:00',
    '-05',
    'UTC+1',
    'GMT+01:00',
    'Z',
    'local',
    'BST',
    'IST',
    'pst',
    'ACT',
    'SystemV/EST5',
    'Etc/Unknown',
    ' UTC',
    'UTC ',
    'UTC\0',
    'A'.repeat(5000),
  ])('refuses %j', (name) => {
    expect(isTimeZone(name)).toBe(false);
  });
  it('knows every zone that Intl lists', () => {
    for (const zone of Intl.supportedValuesOf('timeZone'))
      expect([zone, isTimeZone(zone)]).toEqual([zone, true]);
  });
});

describe('zoneOffsetMs', () => {
  const hours = (zone: string, instant: string) => zoneOffsetMs(zone, Date.parse(instant)) / 3_600_000;

  it('follows daylight saving, half hours too', () => {
    expect(hours('America/New_York', '2024-03-10T06:59:59.999Z')).toBe(-5);
    expect(hours('America/New_York', '2024-03-10T07:00:00Z')).toBe(-4);
    expect(hours('Australia/Lord_Howe', '2024-01-01T00:00:00Z')).toBe(11);
    expect(hours('Australia/Lord_Howe', '2024-07-01T00:00:00Z')).toBe(10.5);
    expect(hours('Asia/Kathmandu', '2024-07-01T00:00:00Z')).toBe(5.75);
  });

  it('has the seconds of local mean time, and one offset for all that is before 1800', () => {
    expect(zoneOffsetMs('America/New_York', Date.parse('1850-01-01T00:00:00Z'))).toBe(-17_762_000);
    expect(zoneOffsetMs('America/New_York', Date.parse('0001-01-01T00:00:00Z'))).toBe(-17_762_000);
    expect(zoneOffsetMs('America/New_York', -200_000_000_000_000)).toBe(-17_762_000);
  });

  it('reads years of more than four digits', () => {
    expect(hours('Asia/Tokyo', '+012345-01-01T00:00:00Z')).toBe(9);
  });

  it('throws for a zone that does not exist', () => {
    expect(() => zoneOffsetMs('Mars/Olympus', 0)).toThrow(RangeError);
  });
});
