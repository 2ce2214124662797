import type {
  ActiveUsersResponse,
  DauResponse,
  RetentionResponse,
  TopEventsResponse,
} from '../stats-responses.js';

// All of the same events of five users, as of 2024-03-12T18:00:00Z.

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
