import type { AcceptedEvent } from '@event-analytics/event-schema';
import type {
  EventCounts,
  EventCountsQuery,
  FunnelQuery,
  RetentionCohort,
  RetentionQuery,
  StickinessQuery,
  StickyDay,
  TopEvent,
} from '../src/index.js';

/** Every statistic from a list of events, one event at a time, with Intl saying each event's day. */
export function createModel(events: readonly AcceptedEvent[]) {
  const dates = new Map<string, string[]>();
  const hours = new Map<string, string[]>();

  /** The local date of each event. */
  function datesIn(zone: string): string[] {
    let known = dates.get(zone);
    if (known === undefined) {
      const format = new Intl.DateTimeFormat('en-CA', {
        timeZone: zone,
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
      });
      known = events.map(({ occurred_at }) => format.format(new Date(occurred_at)));
      dates.set(zone, known);
    }
    return known;
  }

  /** The local date and hour of each event with the offset, as `2024-03-10T01-05:00`. */
  function hoursIn(zone: string): string[] {
    let known = hours.get(zone);
    if (known === undefined) {
      const format = new Intl.DateTimeFormat('en-CA', {
        timeZone: zone,
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        hourCycle: 'h23',
        timeZoneName: 'longOffset',
      });
      known = events.map(({ occurred_at }) => {
        const parts = format.formatToParts(new Date(occurred_at));
        const part = (type: string) => parts.find((one) => one.type === type)?.value ?? '';
        const offset = part('timeZoneName').replace('GMT', '') || '+00:00';
        return `${part('year')}-${part('month')}-${part('day')}T${part('hour')}${offset}`;
      });
      hours.set(zone, known);
    }
    return known;
  }

  function activeUsers(
    q: { zone: string; eventType?: string | undefined },
    start: string,
    end: string,
  ): number {
    const users = new Set<string>();
    datesIn(q.zone).forEach((date, i) => {
      const { user_id, event_type } = events[i]!;
      if (date >= start && date <= end && (q.eventType === undefined || q.eventType === event_type))
        users.add(user_id);
    });
    return users.size;
  }

  function topEvents(q: { zone: string; from: string; to: string; limit: number }): TopEvent[] {
    const types = new Map<string, { count: number; users: Set<string> }>();
    datesIn(q.zone).forEach((date, i) => {
      if (date < q.from || date > q.to) return;
      const { user_id, event_type } = events[i]!;
      const type = types.get(event_type) ?? { count: 0, users: new Set() };
      types.set(event_type, type);
      type.count++;
      type.users.add(user_id);
    });
    return [...types]
      .map(([eventType, { count, users }]) => ({ eventType, count, users: users.size }))
      .sort((a, b) => b.count - a.count || byCodePoint(a.eventType, b.eventType))
      .slice(0, q.limit);
  }

  function retention(q: RetentionQuery): RetentionCohort[] {
    const local = datesIn(q.zone);
    const start = (k: number) => windowStart(q.startDate, q.windowType, k);
    const starts = Array.from({ length: q.cohorts + q.windows + 1 }, (_, k) => start(k));
    /** -1 before the first window, starts.length - 1 after the last. */
    const windowOf = (date: string) => starts.filter((s) => s <= date).length - 1;
    const firstEvents = new Map<string, number>();
    events.forEach(({ user_id, event_type, occurred_at }, i) => {
      if (q.bornEvent !== undefined && q.bornEvent !== event_type) return;
      const first = firstEvents.get(user_id);
      if (first === undefined || Date.parse(occurred_at) < Date.parse(events[first]!.occurred_at)) {
        firstEvents.set(user_id, i);
      }
    });
    const cohorts: Set<string>[] = Array.from({ length: q.cohorts }, () => new Set());
    for (const [user, first] of firstEvents) cohorts[windowOf(local[first]!)]?.add(user);
    const activeIn = new Map<number, Set<string>>();
    events.forEach(({ user_id, event_type }, i) => {
      if (q.returnEvent !== undefined && q.returnEvent !== event_type) return;
      const window = windowOf(local[i]!);
      activeIn.set(window, (activeIn.get(window) ?? new Set()).add(user_id));
    });
    return cohorts.map((users, k) => ({
      size: users.size,
      retained: Array.from({ length: q.windows + 1 }, (_, n) => {
        const windows = [...activeIn.keys()].filter((w) => (q.mode === 'classic' ? w === k + n : w >= k + n));
        return [...users].filter((user) => windows.some((w) => activeIn.get(w)?.has(user))).length;
      }),
    }));
  }

  function stickiness(q: StickinessQuery): StickyDay[] {
    return datesBetween(q.from, q.to).map((date) => ({
      date,
      dau: activeUsers(q, date, date),
      mau: activeUsers(q, windowStart(date, 'daily', -29), date),
    }));
  }

  function funnel(q: FunnelQuery): number[] {
    const doneBy = new Map<string, { type: string; day: string }[]>();
    datesIn(q.zone).forEach((day, i) => {
      const { user_id, event_type: type } = events[i]!;
      if (day >= q.from && day <= q.to) doneBy.set(user_id, [...(doneBy.get(user_id) ?? []), { type, day }]);
    });
    const counts = q.steps.map(() => 0);
    for (const done of doneBy.values()) {
      // Every day on which the last step could be done, not the first alone.
      let reached = [q.from];
      q.steps.forEach((step, i) => {
        reached = done
          .filter(({ type, day }) => type === step && reached.some((before) => before <= day))
          .map(({ day }) => day);
        if (reached.length > 0) counts[i]!++;
      });
    }
    return counts;
  }

  /** @param labels of the intervals, in order; what is counted for them is by date and hour alone */
  function eventCounts(q: EventCountsQuery, labels: readonly string[]): EventCounts {
    const local = datesIn(q.zone);
    const keys = q.interval === 'day' ? local : hoursIn(q.zone);
    const keyOf = (label: string) =>
      q.interval === 'day' ? label : `${label.slice(0, 13)}${label.slice(-6)}`;
    const inRange = events
      .map(({ event_type: type }, i) => ({ type, date: local[i]!, key: keys[i]! }))
      .filter(({ type, date }) => date >= q.from && date <= q.to && type === (q.eventType ?? type));
    const countsOf = (some: typeof inRange) =>
      labels.map((label) => some.filter(({ key }) => key === keyOf(label)).length);
    const types = q.eventType === undefined ? new Set(inRange.map(({ type }) => type)) : [q.eventType];
    const series = [...types].map((eventType) => {
      const ofType = inRange.filter(({ type }) => type === eventType);
      return { eventType, total: ofType.length, counts: countsOf(ofType) };
    });
    series.sort((a, b) => b.total - a.total || byCodePoint(a.eventType, b.eventType));
    return { total: countsOf(inRange), series: series.slice(0, q.limit) };
  }

  return { activeUsers, topEvents, retention, stickiness, funnel, eventCounts };
}

const byCodePoint = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

function datesBetween(from: string, to: string): string[] {
  const dates: string[] = [];
  for (let k = 0; windowStart(from, 'daily', k) <= to; k++) dates.push(windowStart(from, 'daily', k));
  return dates;
}

/** Independent of the calendar library: JavaScript's own UTC dates. */
function windowStart(startDate: string, type: string, k: number): string {
  const [year = 0, month = 0, day = 0] = startDate.split('-').map(Number);
  const ms =
    type === 'monthly'
      ? Date.UTC(year, month - 1 + k, day)
      : Date.UTC(year, month - 1, day + k * (type === 'weekly' ? 7 : 1));
  return new Date(ms).toISOString().slice(0, 10);
}
