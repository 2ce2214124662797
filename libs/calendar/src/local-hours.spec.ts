import { dayPieces } from './day-pieces.js';
import { eventIntervals, localHours } from './local-hours.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The wall clock by Intl, the only judge of these tests: `2024-03-10 01:30:00`. */
function intlClock(zone: string) {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'medium',
  });
  return (ms: number) => format.format(ms);
}

/** The same hours, found by looking at the clock every `stepMs` from two days before to two days after. */
function watchedHours(zone: string, from: string, to: string, stepMs: number) {
  const clock = intlClock(zone);
  const hours: { startMs: number; endMs: number; offsetMs: number }[] = [];
  const lastMs = Date.parse(to) + 72 * HOUR_MS;
  let current: { hour: string; startMs: number; offsetMs: number } | undefined;
  for (let ms = Date.parse(from) - 48 * HOUR_MS; ms <= lastMs; ms += stepMs) {
    const text = clock(ms);
    const hour = text.slice(0, 'YYYY-MM-DD HH'.length);
    const offsetMs = Date.parse(`${text.replace(' ', 'T')}Z`) - ms;
    if (current?.hour === hour && current.offsetMs === offsetMs) continue;
    if (current !== undefined) {
      const date = current.hour.slice(0, 10);
      if (date >= from && date <= to)
        hours.push({ startMs: current.startMs, endMs: ms, offsetMs: current.offsetMs });
    }
    current = { hour, startMs: ms, offsetMs };
  }
  return hours;
}

describe('localHours', () => {
  it.each([
    ['UTC', '2024-02-28', '2024-03-01'],
    ['America/New_York', '2024-03-09', '2024-03-11'], // 23 hours
    ['America/New_York', '2024-11-03', '2024-11-03'], // 25
    ['Australia/Lord_Howe', '2024-10-05', '2024-10-07'], // half an hour forward
    ['Australia/Lord_Howe', '2024-04-07', '2024-04-07'], // half an hour back
    ['America/St_Johns', '2007-11-03', '2007-11-03'], // 00:01 → 23:01: back into the day before
    ['America/St_Johns', '2007-11-04', '2007-11-04'],
    ['America/St_Johns', '2007-11-02', '2007-11-05'],
    ['America/St_Johns', '2007-03-11', '2007-03-11'], // 00:01 → 01:01
    ['Pacific/Apia', '2011-12-29', '2011-12-31'], // no 30th
    ['Pacific/Apia', '2011-12-30', '2011-12-30'],
    ['Asia/Kathmandu', '1985-12-31', '1986-01-02'], // +05:30 → +05:45
    ['Antarctica/Casey', '2010-03-03', '2010-03-06'], // 02:00 → 23:00
    ['America/Sao_Paulo', '2018-11-03', '2018-11-04'], // no midnight
    ['Europe/Dublin', '2024-10-27', '2024-10-27'],
  ])('%s, %s to %s, as the clock shows them', (zone, from, to) => {
    expect(localHours(zone, from, to)).toEqual(watchedHours(zone, from, to, MINUTE_MS));
  });

  it.each([
    ['Africa/Monrovia', '1972-01-06', '1972-01-07'], // -00:44:30 → 0
    ['Europe/Amsterdam', '1937-06-30', '1937-07-01'], // +01:19:32 → +01:20, where Intl knows of it
  ])('%s, %s to %s, to the second', (zone, from, to) => {
    expect(localHours(zone, from, to)).toEqual(watchedHours(zone, from, to, 1_000));
  });

  it('has as many as the day has hours, and a short one where the clock jumps by half of one', () => {
    const minutes = (zone: string, date: string) =>
      localHours(zone, date, date).map(({ startMs, endMs }) => (endMs - startMs) / MINUTE_MS);
    expect(minutes('America/New_York', '2024-03-10')).toEqual(Array(23).fill(60));
    expect(minutes('America/New_York', '2024-11-03')).toEqual(Array(25).fill(60));
    // 01:00 to 02:00, then 01:30 to 02:00 again.
    expect(minutes('Australia/Lord_Howe', '2024-04-07')).toEqual([60, 60, 30, ...Array<number>(22).fill(60)]);
    expect(minutes('Australia/Lord_Howe', '2024-10-06')).toEqual([60, 60, 30, ...Array<number>(21).fill(60)]);
    expect(minutes('America/St_Johns', '2007-11-04')).toEqual([1, ...Array<number>(24).fill(60)]);
    expect(minutes('America/St_Johns', '2007-11-03')).toEqual([...Array<number>(24).fill(60), 59]);
    expect(minutes('Pacific/Apia', '2011-12-30')).toEqual([]);
  });

  it('covers what the days are, in order, in every zone there is', () => {
    const [from, to] = ['2024-03-01', '2024-04-30'];
    for (const zone of Intl.supportedValuesOf('timeZone')) {
      const hours = localHours(zone, from, to);
      const lengths = (spans: { startMs: number; endMs: number }[]) =>
        spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
      expect([zone, lengths(hours)]).toEqual([zone, lengths(dayPieces(zone, from, to))]);
      expect(hours.filter((hour, i) => hour.startMs < (hours[i - 1]?.endMs ?? -Infinity))).toEqual([]);
    }
  });

  it('answers for no days, and for the first and the last there are', () => {
    expect(localHours('UTC', '2024-03-02', '2024-03-01')).toEqual([]);
    expect(localHours('Asia/Tokyo', '0001-01-01', '0001-01-01')).toHaveLength(24);
    expect(localHours('Asia/Tokyo', '9999-12-31', '9999-12-31')).toHaveLength(24);
  });
});

describe('eventIntervals', () => {
  const labels = (zone: string, from: string, to: string, interval: 'hour' | 'day') =>
    eventIntervals(zone, from, to, interval).map(({ label }) => label);

  it('writes an hour as its local time with its offset', () => {
    expect(labels('America/New_York', '2024-11-03', '2024-11-03', 'hour').slice(0, 4)).toEqual([
      '2024-11-03T00:00:00-04:00',
      '2024-11-03T01:00:00-04:00',
      '2024-11-03T01:00:00-05:00',
      '2024-11-03T02:00:00-05:00',
    ]);
    expect(labels('Australia/Lord_Howe', '2024-04-07', '2024-04-07', 'hour').slice(1, 4)).toEqual([
      '2024-04-07T01:00:00+11:00',
      '2024-04-07T01:30:00+10:30',
      '2024-04-07T02:00:00+10:30',
    ]);
    expect(labels('America/St_Johns', '2007-11-03', '2007-11-03', 'hour').at(-1)).toBe(
      '2007-11-03T23:01:00-03:30',
    );
    expect(labels('Asia/Kathmandu', '2024-01-01', '2024-01-01', 'hour')[0]).toBe('2024-01-01T00:00:00+05:45');
    expect(labels('UTC', '2024-01-01', '2024-01-01', 'hour')[23]).toBe('2024-01-01T23:00:00+00:00');
  });

  it('writes an offset with seconds as the next full minute, the same instant', () => {
    const [first] = eventIntervals('Africa/Monrovia', '1972-01-01', '1972-01-01', 'hour');
    expect(first?.label).toBe('1972-01-01T00:00:30-00:44');
    expect(Date.parse(first?.label ?? '')).toBe(first?.startMs);
    const [jakarta] = eventIntervals('Asia/Jakarta', '1900-01-01', '1900-01-01', 'hour');
    expect(jakarta?.label).toBe('1900-01-01T00:00:48+07:08'); // +07:07:12
    expect(Date.parse(jakarta?.label ?? '')).toBe(jakarta?.startMs);
  });

  it('names the instant, the date and the hour of every hour', () => {
    for (const zone of ['America/St_Johns', 'Antarctica/Casey', 'Africa/Monrovia', 'America/New_York']) {
      const clock = intlClock(zone);
      for (const [from, to] of [
        ['1972-01-05', '1972-01-09'],
        ['2007-10-30', '2007-11-08'],
        ['2010-03-01', '2010-03-14'],
      ] as const) {
        for (const { label, startMs } of eventIntervals(zone, from, to, 'hour')) {
          expect(Date.parse(label)).toBe(startMs);
          expect(label.slice(0, 13)).toBe(clock(startMs).slice(0, 13).replace(' ', 'T'));
        }
      }
    }
  });

  it('has every day, an empty one where the zone skipped it', () => {
    expect(eventIntervals('Pacific/Apia', '2011-12-29', '2011-12-31', 'day')).toEqual([
      {
        label: '2011-12-29',
        startMs: Date.parse('2011-12-29T10:00:00Z'),
        endMs: Date.parse('2011-12-30T10:00:00Z'),
      },
      {
        label: '2011-12-30',
        startMs: Date.parse('2011-12-30T10:00:00Z'),
        endMs: Date.parse('2011-12-30T10:00:00Z'),
      },
      {
        label: '2011-12-31',
        startMs: Date.parse('2011-12-30T10:00:00Z'),
        endMs: Date.parse('2011-12-31T10:00:00Z'),
      },
    ]);
    expect(labels('UTC', '2024-03-02', '2024-03-01', 'day')).toEqual([]);
  });
});
