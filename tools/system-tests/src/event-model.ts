/**
 * What the statistics must be, computed the slowest and plainest way: every event's calendar day
 * comes from Intl, one event at a time, and everything else is sets in memory. It shares no code
 * with the service, so that the two can only agree by both being right.
 */
export interface ModelEvent {
  event_id: string;
  user_id: string;
  event_type: string;
  occurred_at: string;
}

export type WindowType = 'daily' | 'weekly' | 'monthly';

export interface RetentionQuestion {
  start_date: string;
  window_type: WindowType;
  windows: number;
  cohorts: number;
  mode: 'classic' | 'unbounded';
  born_event?: string;
  return_event?: string;
}

export interface EventCountsQuestion {
  from: string;
  to: string;
  interval: 'hour' | 'day';
  limit?: number;
  event_type?: string;
}

interface Labelled {
  user: string;
  type: string;
  instantMs: number;
  date: string;
}

export function createEventModel(events: ModelEvent[], zone: string, asOf: string) {
  const dateOf = dateLabeller(zone);
  const today = dateOf(Date.parse(asOf));
  const rows = distinctEvents(events).map((e): Labelled => {
    const instantMs = Date.parse(e.occurred_at);
    return { user: e.user_id, type: e.event_type, instantMs, date: dateOf(instantMs) };
  });

  const usersBetween = (start: string, end: string, type?: string) =>
    new Set(
      rows
        .filter((r) => r.date >= start && r.date <= end && (type === undefined || r.type === type))
        .map((r) => r.user),
    ).size;

  return {
    dau(from: string, to: string, type?: string) {
      return datesBetween(from, to).map((date) => ({
        date,
        active_users: usersBetween(date, date, type),
        complete: today > date,
      }));
    },

    activeUsers(period: 'day' | 'week' | 'month', from: string, to: string, type?: string) {
      const periods: { start: string; end: string; active_users: number; complete: boolean }[] = [];
      let start = periodStart(period, from);
      while (start <= to) {
        const next = period === 'month' ? addMonths(start, 1) : addDays(start, period === 'week' ? 7 : 1);
        const end = addDays(next, -1);
        periods.push({ start, end, active_users: usersBetween(start, end, type), complete: today > end });
        start = next;
      }
      return periods;
    },

    topEvents(from: string, to: string, limit: number) {
      const counts = new Map<string, { count: number; users: Set<string> }>();
      for (const row of rows) {
        if (row.date < from || row.date > to) continue;
        const entry = counts.get(row.type) ?? { count: 0, users: new Set<string>() };
        entry.count += 1;
        entry.users.add(row.user);
        counts.set(row.type, entry);
      }
      return [...counts]
        .map(([event_type, { count, users }]) => ({ event_type, count, users: users.size }))
        .sort((a, b) => b.count - a.count || compareCodePoints(a.event_type, b.event_type))
        .slice(0, limit);
    },

    stickiness(from: string, to: string, type?: string) {
      const days = datesBetween(from, to).map((date) => {
        const dau = usersBetween(date, date, type);
        const mau = usersBetween(addDays(date, -29), date, type);
        return { date, dau, mau, stickiness: share(dau, mau), complete: today > date };
      });
      const over = days.filter((day) => day.complete);
      return { days, average: share(sum(over.map(({ dau }) => dau)), sum(over.map(({ mau }) => mau))) };
    },

    funnel(steps: readonly string[], from: string, to: string) {
      /** Every day on which a user can do the step, after what was done before. */
      let daysOf = new Map<string, string[]>();
      const users = steps.map((type, n) => {
        const next = new Map<string, string[]>();
        for (const row of rows) {
          if (row.type !== type || row.date < from || row.date > to) continue;
          const before = daysOf.get(row.user) ?? [];
          if (n === 0 || before.some((date) => date <= row.date)) {
            next.set(row.user, [...(next.get(row.user) ?? []), row.date]);
          }
        }
        daysOf = next;
        return next.size;
      });
      return {
        steps: steps.map((event_type, n) => ({
          event_type,
          users: users[n] ?? NaN,
          rate: share(users[n] ?? NaN, users[0] ?? NaN),
          step_rate: share(users[n] ?? NaN, users[Math.max(n - 1, 0)] ?? NaN),
        })),
        complete: today > to,
      };
    },

    eventCounts({ from, to, interval, limit = 10, event_type }: EventCountsQuestion) {
      const spans =
        interval === 'day'
          ? datesBetween(from, to).map((date) => ({
              start: date,
              complete: today > date,
              has: (row: Labelled) => row.date === date,
            }))
          : watchedHours(zone, from, to).map(({ start, startMs, endMs }) => ({
              start,
              complete: endMs <= Date.parse(asOf),
              has: (row: Labelled) => row.instantMs >= startMs && row.instantMs < endMs,
            }));
      const asked = rows.filter(
        (r) => r.date >= from && r.date <= to && (event_type === undefined || r.type === event_type),
      );
      const countsOf = (some: Labelled[]) => spans.map(({ has }) => some.filter(has).length);
      const types = event_type === undefined ? new Set(asked.map((r) => r.type)) : [event_type];
      const series = [...types].map((type) => {
        const ofType = asked.filter((r) => r.type === type);
        return { event_type: type, total: ofType.length, counts: countsOf(ofType) };
      });
      return {
        starts: spans.map(({ start }) => start),
        complete: spans.map(({ complete }) => complete),
        total: countsOf(asked),
        series: series
          .sort((a, b) => b.total - a.total || compareCodePoints(a.event_type, b.event_type))
          .slice(0, limit),
      };
    },

    retention(q: RetentionQuestion) {
      const starts = windowStarts(q.start_date, q.window_type, q.cohorts + q.windows + 1);
      const startOf = (k: number) => starts[k] ?? '';
      const within = (date: string, k: number) => date >= startOf(k) && date < startOf(k + 1);

      const born = new Map<string, Labelled>();
      const returns = new Map<string, Labelled[]>();
      for (const row of rows) {
        if (q.born_event === undefined || row.type === q.born_event) {
          const first = born.get(row.user);
          if (first === undefined || row.instantMs < first.instantMs) born.set(row.user, row);
        }
        if (q.return_event === undefined || row.type === q.return_event) {
          returns.set(row.user, [...(returns.get(row.user) ?? []), row]);
        }
      }

      const begun = (k: number) => today >= startOf(k);
      const complete = (k: number) => today >= startOf(k + 1);
      const cohorts = Array.from({ length: q.cohorts }, (_, k) => {
        const members = begun(k)
          ? [...born.values()].filter((r) => within(r.date, k)).map((r) => r.user)
          : [];
        const retained = Array.from({ length: q.windows + 1 }, (_unused, n) => {
          if (!begun(k + n)) return null;
          return members.filter((user) =>
            (returns.get(user) ?? []).some((r) =>
              q.mode === 'classic' ? within(r.date, k + n) : r.date >= startOf(k + n),
            ),
          ).length;
        });
        return {
          start: startOf(k),
          size: members.length,
          retained,
          rates: retained.map((r) => (r === null || members.length === 0 ? null : r / members.length)),
          complete: retained.map((r, n) => r !== null && complete(k + n)),
        };
      });
      const average = Array.from({ length: q.windows + 1 }, (_, n) => {
        const counted = cohorts.filter((c) => c.complete[n]);
        const size = counted.reduce((sum, c) => sum + c.size, 0);
        return size === 0 ? null : counted.reduce((sum, c) => sum + (c.retained[n] ?? 0), 0) / size;
      });
      return { cohorts, average };
    },
  };
}

/** The first of each (event_id, instant): what PostgreSQL keeps. */
export function distinctEvents(events: ModelEvent[]): ModelEvent[] {
  const seen = new Map<string, ModelEvent>();
  for (const e of events) {
    const key = `${e.event_id.toLowerCase()} ${String(Date.parse(e.occurred_at))}`;
    if (!seen.has(key)) seen.set(key, e);
  }
  return [...seen.values()];
}

function dateLabeller(zone: string): (instantMs: number) => string {
  const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return (instantMs) => {
    const parts = Object.fromEntries(format.formatToParts(instantMs).map((p) => [p.type, p.value]));
    return `${parts['year'] ?? ''}-${parts['month'] ?? ''}-${parts['day'] ?? ''}`;
  };
}

/** The hours that a clock shows, found by looking at it every minute: good where offsets are whole minutes. */
function watchedHours(zone: string, from: string, to: string) {
  const format = new Intl.DateTimeFormat('en-US-u-ca-iso8601-nu-latn', {
    timeZone: zone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'longOffset',
  });
  const hours: { start: string; startMs: number; endMs: number }[] = [];
  let current = { key: '', date: '', start: '', startMs: NaN };
  const lastMs = utc(addDays(to, 3)).getTime();
  for (let ms = utc(addDays(from, -2)).getTime(); ms <= lastMs; ms += 60_000) {
    const parts = Object.fromEntries(format.formatToParts(ms).map((p) => [p.type, p.value]));
    const part = (name: string) => parts[name] ?? '';
    const date = `${part('year')}-${part('month')}-${part('day')}`;
    const offset = part('timeZoneName').replace('GMT', '') || '+00:00';
    const key = `${date} ${part('hour')} ${offset}`;
    if (key === current.key) continue;
    if (current.date >= from && current.date <= to) {
      hours.push({ start: current.start, startMs: current.startMs, endMs: ms });
    }
    current = { key, date, start: `${date}T${part('hour')}:${part('minute')}:00${offset}`, startMs: ms };
  }
  return hours;
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);

function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

const utc = (date: string) => new Date(`${date}T00:00:00Z`);
const label = (date: Date) => date.toISOString().slice(0, 10);

export function addDays(date: string, days: number): string {
  return label(new Date(utc(date).getTime() + days * 86_400_000));
}

export function addMonths(date: string, months: number): string {
  const d = utc(date);
  return label(new Date(Date.UTC(d.getUTCFullYear(), d.getUTCMonth() + months, 1)));
}

function periodStart(period: 'day' | 'week' | 'month', date: string): string {
  if (period === 'day') return date;
  if (period === 'month') return `${date.slice(0, 7)}-01`;
  return addDays(date, -((utc(date).getUTCDay() + 6) % 7));
}

function windowStarts(start: string, type: WindowType, count: number): string[] {
  return Array.from({ length: count }, (_, k) => {
    if (type === 'monthly') return addMonths(start, k);
    return addDays(start, k * (type === 'weekly' ? 7 : 1));
  });
}

function datesBetween(from: string, to: string): string[] {
  const dates: string[] = [];
  for (let d = from; d <= to; d = addDays(d, 1)) dates.push(d);
  return dates;
}
