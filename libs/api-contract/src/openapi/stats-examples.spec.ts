import {
  ACTIVE_USERS,
  DAU,
  EVENT_COUNTS_BY_DAY,
  EVENT_COUNTS_BY_HOUR,
  FUNNEL,
  STICKINESS,
  TOP_EVENTS,
} from './stats-examples.js';

/** What the examples are of: user, UTC instant of 2024, type. */
const EVENTS = `
A 03-04T10:00:00.000 signup
A 03-05T09:00:00.000 page_view
A 03-11T12:00:00.000 purchase
B 03-04T23:30:00.000 page_view
B 03-06T00:15:00.000 page_view
B 03-06T08:00:00.000 page_view
C 02-20T08:00:00.000 signup
C 03-04T08:00:00.000 page_view
C 03-05T08:00:00.000 page_view
D 03-05T00:10:00.000 page_view
D 03-10T23:59:59.999 page_view
D 03-11T00:00:00.000 purchase
E 03-11T04:30:00.000 signup
E 03-12T05:00:00.000 page_view`
  .trim()
  .split('\n')
  .map((line) => {
    const [user = '', time = '', type = ''] = line.split(' ');
    const ms = Date.parse(`2024-${time}Z`);
    return { user, type, ms, date: new Date(ms).toISOString().slice(0, 10) };
  });

const between = (from: string, to: string) => EVENTS.filter(({ date }) => date >= from && date <= to);
const usersOf = (events: typeof EVENTS) => new Set(events.map(({ user }) => user)).size;
const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

test('active users', () => {
  for (const { date, active_users } of DAU.days) expect(active_users).toBe(usersOf(between(date, date)));
  for (const { start, end, active_users } of ACTIVE_USERS.periods) {
    expect(active_users).toBe(usersOf(between(start, end)));
  }
});

test('top events', () => {
  for (const { event_type, count, users } of TOP_EVENTS.events) {
    const events = between(TOP_EVENTS.from, TOP_EVENTS.to).filter(({ type }) => type === event_type);
    expect({ event_type, count, users }).toEqual({
      event_type,
      count: events.length,
      users: usersOf(events),
    });
  }
});

test('stickiness', () => {
  const firstOf30: Record<string, string> = {
    '2024-03-10': '2024-02-10',
    '2024-03-11': '2024-02-11',
    '2024-03-12': '2024-02-12',
  };
  for (const { date, dau, mau, stickiness } of STICKINESS.days) {
    expect(dau).toBe(usersOf(between(date, date)));
    expect(mau).toBe(usersOf(between(firstOf30[date] ?? '', date)));
    expect(stickiness).toBe(dau / mau);
  }
  const complete = STICKINESS.days.filter((day) => day.complete);
  expect(STICKINESS.average).toBe(sum(complete.map(({ dau }) => dau)) / sum(complete.map(({ mau }) => mau)));
});

test('funnel', () => {
  const inRange = between(FUNNEL.from, FUNNEL.to);
  const [first] = FUNNEL.steps;
  FUNNEL.steps.forEach((step, n) => {
    const reached = [...new Set(EVENTS.map(({ user }) => user))].filter((user) => {
      let day = '';
      return FUNNEL.steps.slice(0, n + 1).every(({ event_type }) => {
        const next = inRange.find((e) => e.user === user && e.type === event_type && e.date >= day);
        day = next?.date ?? day;
        return next !== undefined;
      });
    }).length;
    const before = FUNNEL.steps[n - 1]?.users ?? reached;
    expect(step).toMatchObject({
      users: reached,
      rate: reached / (first?.users ?? NaN),
      step_rate: reached / before,
    });
  });
});

test.each([
  ['day', EVENT_COUNTS_BY_DAY, Date.parse('2024-03-13T00:00:00Z')],
  ['hour', EVENT_COUNTS_BY_HOUR, Date.parse('2024-03-11T04:00:00Z')],
])('event counts by %s', (_interval, { starts, total, series, complete }, endMs) => {
  const ends = [...starts.slice(1).map((start) => Date.parse(start)), endMs];
  const inInterval = (i: number) =>
    EVENTS.filter(({ ms }) => ms >= Date.parse(starts[i] ?? '') && ms < (ends[i] ?? NaN));
  expect(total).toEqual(starts.map((_start, i) => inInterval(i).length));
  for (const { event_type, counts, total: ofType } of series) {
    expect(counts).toEqual(
      starts.map((_start, i) => inInterval(i).filter(({ type }) => type === event_type).length),
    );
    expect(ofType).toBe(sum(counts));
  }
  expect(sum(series.map((one) => one.total))).toBe(sum(total));
  expect(complete).toEqual(ends.map((end) => end <= Date.parse('2024-03-12T18:00:00Z')));
});
