import { createLocalClock } from './local-clock.js';
import { zoneOffsetMs } from './zone-offset.js';

const at = (zone: string, local: string): string | undefined => {
  const instant = createLocalClock(zone)(Date.parse(`${local}Z`));
  return instant === undefined ? undefined : new Date(instant).toISOString();
};

describe('createLocalClock', () => {
  it.each([
    ['UTC', '2024-03-04T10:00:00.123', '2024-03-04T10:00:00.123Z'],
    ['Europe/Berlin', '2024-01-15T12:00:00', '2024-01-15T11:00:00.000Z'],
    ['Europe/Berlin', '2024-07-15T12:00:00', '2024-07-15T10:00:00.000Z'],
    ['Asia/Kathmandu', '2024-07-15T00:00:00', '2024-07-14T18:15:00.000Z'],
    ['Pacific/Kiritimati', '2024-07-15T00:00:00', '2024-07-14T10:00:00.000Z'],
    // The last before the clock jumps, and the first after it.
    ['Europe/Berlin', '2024-03-31T01:59:59.999', '2024-03-31T00:59:59.999Z'],
    ['Europe/Berlin', '2024-03-31T03:00:00', '2024-03-31T01:00:00.000Z'],
  ])('knows when it was in %s %s', (zone, local, instant) => {
    expect(at(zone, local)).toBe(instant);
  });

  it.each([
    ['Europe/Berlin', '2024-03-31T02:00:00'],
    ['Europe/Berlin', '2024-03-31T02:59:59.999'],
    ['America/New_York', '2024-03-10T02:30:00'],
    // A day that was left out.
    ['Pacific/Apia', '2011-12-30T12:00:00'],
  ])('has no instant for what %s skipped: %s', (zone, local) => {
    expect(at(zone, local)).toBeUndefined();
  });

  it('takes the first of two', () => {
    expect(at('Europe/Berlin', '2024-10-27T02:30:00')).toBe('2024-10-27T00:30:00.000Z');
    expect(at('America/New_York', '2024-11-03T01:30:00')).toBe('2024-11-03T05:30:00.000Z');
    // 00:01 became 23:01 of the day before.
    expect(at('America/St_Johns', '2005-10-29T23:30:00')).toBe('2005-10-30T02:00:00.000Z');
  });

  it('is the inverse of the offset, hour by hour of a year', () => {
    for (const zone of ['Australia/Lord_Howe', 'Africa/Casablanca']) {
      const clock = createLocalClock(zone);
      for (let ms = Date.UTC(2018, 0, 1); ms < Date.UTC(2019, 0, 1); ms += 3_600_000) {
        const local = ms + zoneOffsetMs(zone, ms);
        const found = clock(local);
        expect(found).toBeLessThanOrEqual(ms);
        expect((found ?? 0) + zoneOffsetMs(zone, found ?? 0)).toBe(local);
      }
    }
  });

  it('knows no other zones', () => {
    expect(() => createLocalClock('Mars/Olympus')).toThrow(RangeError);
  });
});
