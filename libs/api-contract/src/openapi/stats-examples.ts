import type {
  ActiveUsersResponse,
  DauResponse,
  EventCountsResponse,
  FunnelResponse,
  RetentionResponse,
  StickinessResponse,
  TopEventsResponse,
} from '../stats-responses.js';

// All of the same 14 events of five users (stats-examples.spec.ts), as of 2024-03-12T18:00:00Z.

export const DAU: DauResponse = {
  from: '2024-03-10',
  to: '2024-03-12',
  timezone: 'UTC',
  days: [
    { date: '2024-03-10', active_users: 1, complete: true },
    { date: '2024-03-11', active_users: 3, complete: true },
    { date: '2024-03-12', active_users: 1, complete: false },
  ],
};

export const ACTIVE_USERS: ActiveUsersResponse = {
  from: '2024-03-06',
  to: '2024-03-12',
  timezone: 'UTC',
  period: 'week',
  periods: [
    { start: '2024-03-04', end: '2024-03-10', active_users: 4, complete: true },
    { start: '2024-03-11', end: '2024-03-17', active_users: 3, complete: false },
  ],
};

export const TOP_EVENTS: TopEventsResponse = {
  from: '2024-03-04',
  to: '2024-03-12',
  timezone: 'UTC',
  events: [
    { event_type: 'page_view', count: 9, users: 5 },
    { event_type: 'purchase', count: 2, users: 2 },
    { event_type: 'signup', count: 2, users: 2 },
  ],
};

export const RETENTION: RetentionResponse = {
  start_date: '2024-02-19',
  window_type: 'weekly',
  windows: 3,
  cohorts: [
    {
      start: '2024-02-19',
      size: 1,
      retained: [1, 0, 1, 0],
      rates: [1, 0, 1, 0],
      complete: [true, true, true, false],
    },
    {
      start: '2024-02-26',
      size: 0,
      retained: [0, 0, 0, null],
      rates: [null, null, null, null],
      complete: [true, true, false, false],
    },
    {
      start: '2024-03-04',
      size: 3,
      retained: [3, 2, null, null],
      rates: [1, 2 / 3, null, null],
      complete: [true, false, false, false],
    },
    {
      start: '2024-03-11',
      size: 1,
      retained: [1, null, null, null],
      rates: [1, null, null, null],
      complete: [false, false, false, false],
    },
    {
      start: '2024-03-18',
      size: 0,
      retained: [null, null, null, null],
      rates: [null, null, null, null],
      complete: [false, false, false, false],
    },
  ],
  average: [1, 0, 1, null],
  timezone: 'UTC',
  mode: 'classic',
  as_of: '2024-03-12T18:00:00.000Z',
};

export const STICKINESS: StickinessResponse = {
  from: '2024-03-10',
  to: '2024-03-12',
  timezone: 'UTC',
  days: [
    { date: '2024-03-10', dau: 1, mau: 4, stickiness: 0.25, complete: true },
    { date: '2024-03-11', dau: 3, mau: 5, stickiness: 0.6, complete: true },
    { date: '2024-03-12', dau: 1, mau: 5, stickiness: 0.2, complete: false },
  ],
  average: 4 / 9,
};

export const FUNNEL: FunnelResponse = {
  from: '2024-02-20',
  to: '2024-03-11',
  timezone: 'UTC',
  steps: [
    { event_type: 'signup', users: 3, rate: 1, step_rate: 1 },
    { event_type: 'page_view', users: 2, rate: 2 / 3, step_rate: 2 / 3 },
    { event_type: 'purchase', users: 1, rate: 1 / 3, step_rate: 0.5 },
  ],
  complete: true,
};

export const EVENT_COUNTS_BY_DAY: EventCountsResponse = {
  from: '2024-03-10',
  to: '2024-03-12',
  timezone: 'UTC',
  interval: 'day',
  starts: ['2024-03-10', '2024-03-11', '2024-03-12'],
  complete: [true, true, false],
  total: [1, 3, 1],
  series: [
    { event_type: 'page_view', total: 2, counts: [1, 0, 1] },
    { event_type: 'purchase', total: 2, counts: [0, 2, 0] },
    { event_type: 'signup', total: 1, counts: [0, 1, 0] },
  ],
};

/** A day of 23 hours: after 01:00 comes 03:00. */
export const EVENT_COUNTS_BY_HOUR: EventCountsResponse = {
  from: '2024-03-10',
  to: '2024-03-10',
  timezone: 'America/New_York',
  interval: 'hour',
  starts: [
    '2024-03-10T00:00:00-05:00',
    '2024-03-10T01:00:00-05:00',
    '2024-03-10T03:00:00-04:00',
    '2024-03-10T04:00:00-04:00',
    '2024-03-10T05:00:00-04:00',
    '2024-03-10T06:00:00-04:00',
    '2024-03-10T07:00:00-04:00',
    '2024-03-10T08:00:00-04:00',
    '2024-03-10T09:00:00-04:00',
    '2024-03-10T10:00:00-04:00',
    '2024-03-10T11:00:00-04:00',
    '2024-03-10T12:00:00-04:00',
    '2024-03-10T13:00:00-04:00',
    '2024-03-10T14:00:00-04:00',
    '2024-03-10T15:00:00-04:00',
    '2024-03-10T16:00:00-04:00',
    '2024-03-10T17:00:00-04:00',
    '2024-03-10T18:00:00-04:00',
    '2024-03-10T19:00:00-04:00',
    '2024-03-10T20:00:00-04:00',
    '2024-03-10T21:00:00-04:00',
    '2024-03-10T22:00:00-04:00',
    '2024-03-10T23:00:00-04:00',
  ],
  complete: Array.from({ length: 23 }, () => true),
  total: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0],
  series: [
    {
      event_type: 'page_view',
      total: 1,
      counts: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0],
    },
    {
      event_type: 'purchase',
      total: 1,
      counts: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0],
    },
  ],
};
