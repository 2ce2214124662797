import { z } from 'zod';
import { DEFAULT_RANGE_DAYS, MAX_HOURLY_RANGE_DAYS, MAX_RANGE_DAYS, rangeProblems } from './date-range.js';
import { issueOf } from './parameter-problem.js';
import {
  asOfParameter,
  choiceParameter,
  dateParameter,
  eventTypeParameter,
  integerParameter,
  stepsParameter,
  timezoneParameter,
} from './parameters.js';

export const MAX_TOP_EVENTS = 1_000;
export const DEFAULT_TOP_EVENTS = 10;
/** The most series of a time series of events, and how many by default. */
export const MAX_SERIES = 100;
export const DEFAULT_SERIES = 10;
export const MIN_FUNNEL_STEPS = 2;
export const MAX_FUNNEL_STEPS = 10;
/** The most windows, and the most cohorts, of each window type. */
export const MAX_WINDOWS = { daily: 366, weekly: 104, monthly: 60 } as const;

const WINDOWS_RULE = `1 to ${MAX_WINDOWS.daily} daily, 1 to ${MAX_WINDOWS.weekly} weekly or 1 to ${MAX_WINDOWS.monthly} monthly`;

const zoneAndInstant = { timezone: timezoneParameter().optional(), as_of: asOfParameter().optional() };

const range = {
  from: dateParameter('from', {
    description: `First calendar day, inclusive. Default: ${DEFAULT_RANGE_DAYS - 1} days before \`to\`. A range holds at most ${MAX_RANGE_DAYS} days.`,
    examples: ['2024-03-25'],
  }).optional(),
  to: dateParameter('to', {
    description:
      'Last calendar day, inclusive. Default: the day it is now in `timezone`, whatever `as_of` says.',
    examples: ['2024-03-31'],
  }).optional(),
};

const eventType = {
  event_type: eventTypeParameter('event_type', {
    description: 'Count only events of this type. Default: events of every type.',
    examples: ['page_view'],
  }).optional(),
};

/** Also where something else is wrong, so that a client sees everything at once. */
const always = { when: () => true };

const isText = (value: unknown): value is string => typeof value === 'string';

function checkRange(
  query: { from?: string | undefined; to?: string | undefined },
  ctx: z.core.$RefinementCtx,
  maxDays?: number,
): void {
  if (ctx.issues.some(({ path }) => path?.[0] === 'from' || path?.[0] === 'to')) return;
  if (!isText(query.from) || !isText(query.to)) return;
  for (const { code, message, path } of rangeProblems(query.from, query.to, { maxDays })) {
    ctx.addIssue(issueOf(code, message, [path]));
  }
}

/** GET /stats/dau. A range left out is resolveRange's to fill in. */
export const dauQuery = z
  .strictObject({ ...range, ...eventType, ...zoneAndInstant })
  .superRefine((query, ctx) => checkRange(query, ctx), always);

/** GET /stats/active-users. */
export const activeUsersQuery = z
  .strictObject({
    period: choiceParameter('period', ['day', 'week', 'month'], {
      description:
        'What is counted over: calendar days, ISO weeks (they begin on Monday) or calendar months. Every one that the range touches is counted whole.',
      examples: ['week'],
    }),
    ...range,
    ...eventType,
    ...zoneAndInstant,
  })
  .superRefine((query, ctx) => checkRange(query, ctx), always);

/** GET /stats/top-events. */
export const topEventsQuery = z
  .strictObject({
    ...range,
    limit: integerParameter(
      'limit',
      { min: 1, max: MAX_TOP_EVENTS },
      {
        description: 'How many event types at most.',
        examples: [DEFAULT_TOP_EVENTS],
        default: DEFAULT_TOP_EVENTS,
      },
    ).default(DEFAULT_TOP_EVENTS),
    ...zoneAndInstant,
  })
  .superRefine((query, ctx) => checkRange(query, ctx), always);

/** GET /stats/stickiness. */
export const stickinessQuery = z
  .strictObject({ ...range, ...eventType, ...zoneAndInstant })
  .superRefine((query, ctx) => checkRange(query, ctx), always);

/** GET /stats/funnel. `steps` comes out as a list. */
export const funnelQuery = z
  .strictObject({
    steps: stepsParameter(
      'steps',
      { min: MIN_FUNNEL_STEPS, max: MAX_FUNNEL_STEPS },
      {
        description: `The event types of the steps in order, ${MIN_FUNNEL_STEPS} to ${MAX_FUNNEL_STEPS} of them between commas, each once. A comma within an event type is written \`\\,\` and a backslash \`\\\\\`.`,
        examples: ['signup,page_view,purchase'],
      },
    ),
    ...range,
    ...zoneAndInstant,
  })
  .superRefine((query, ctx) => checkRange(query, ctx), always);

/** How many days a time series of events may hold, both ends counted. */
export const maxSeriesDays = (interval: 'hour' | 'day'): number =>
  interval === 'hour' ? MAX_HOURLY_RANGE_DAYS : MAX_RANGE_DAYS;

/** GET /stats/event-counts. */
export const eventCountsQuery = z
  .strictObject({
    interval: choiceParameter('interval', ['hour', 'day'], {
      description: `What is counted over. A range holds at most ${MAX_HOURLY_RANGE_DAYS} days by \`hour\` and ${MAX_RANGE_DAYS} by \`day\`.`,
      examples: ['day'],
      default: 'day',
    }).default('day'),
    ...range,
    ...eventType,
    limit: integerParameter(
      'limit',
      { min: 1, max: MAX_SERIES },
      {
        description:
          'How many event types at most: those with the most events in the range. Without meaning where `event_type` is given.',
        examples: [DEFAULT_SERIES],
        default: DEFAULT_SERIES,
      },
    ).default(DEFAULT_SERIES),
    ...zoneAndInstant,
  })
  .superRefine((query, ctx) => checkRange(query, ctx, maxSeriesDays(query.interval)), always);

const windowCount = (name: string, description: string) =>
  integerParameter(
    name,
    { min: 1, max: MAX_WINDOWS.daily, rule: WINDOWS_RULE },
    { description: `${description} ${WINDOWS_RULE}.`, examples: [4] },
  );

/** What stands in the query of GET /stats/retention; OpenAPI is made from it. */
export const retentionParameters = z.strictObject({
  start_date: dateParameter('start_date', {
    description:
      'Where window 0 begins. Weekly windows may begin on any day of the week; monthly ones begin on a 1st.',
    examples: ['2024-02-05'],
  }),
  window_type: choiceParameter('window_type', ['daily', 'weekly', 'monthly'], {
    description:
      'What a window is: a calendar day, a span of 7 days from `start_date` on, or a calendar month.',
    examples: ['weekly'],
  }),
  windows: windowCount('windows', 'The highest offset: each cohort has the offsets 0 to `windows`.'),
  cohorts: windowCount(
    'cohorts',
    'How many cohorts, one for each window from `start_date` on. Default: as many as `windows`.',
  ).optional(),
  mode: choiceParameter('mode', ['classic', 'unbounded'], {
    description:
      'When a user of cohort k counts at offset n. `classic`: with an event in exactly window k+n. `unbounded`: with an event in window k+n or any later one.',
    examples: ['classic'],
    default: 'classic',
  }).default('classic'),
  born_event: eventTypeParameter('born_event', {
    description:
      'A user belongs to the cohort of their first event of this type, ever. Default: of their first event of any type, ever.',
    examples: ['signup'],
  }).optional(),
  return_event: eventTypeParameter('return_event', {
    description: 'Only events of this type make a user count as retained. Default: events of every type.',
    examples: ['purchase'],
  }).optional(),
  ...zoneAndInstant,
});

/** GET /stats/retention. */
export const retentionQuery = retentionParameters
  .superRefine((query, ctx) => {
    const isGood = (name: string) => !ctx.issues.some(({ path }) => path?.[0] === name);
    if (!isGood('window_type') || !isText(query.window_type)) return;
    const max = MAX_WINDOWS[query.window_type];
    for (const name of ['windows', 'cohorts'] as const) {
      const count = query[name];
      if (isGood(name) && count !== undefined && count > max) {
        const message = `${name} must be ${WINDOWS_RULE}, not ${count} ${query.window_type}.`;
        ctx.addIssue(issueOf('out_of_range', message, [name]));
      }
    }
    if (query.window_type === 'monthly' && isGood('start_date') && !query.start_date.endsWith('-01')) {
      const first = query.start_date.replace(/\d\d$/, '01');
      const message = `start_date must be the 1st of a month with window_type=monthly, not ${query.start_date}: send ${first}.`;
      ctx.addIssue(issueOf('not_first_of_month', message, ['start_date']));
    }
  }, always)
  .transform((query) => ({ ...query, cohorts: query.cohorts ?? query.windows }));

export type DauQuery = z.output<typeof dauQuery>;
export type ActiveUsersQuery = z.output<typeof activeUsersQuery>;
export type TopEventsQuery = z.output<typeof topEventsQuery>;
export type StickinessQuery = z.output<typeof stickinessQuery>;
export type FunnelQuery = z.output<typeof funnelQuery>;
export type EventCountsQuery = z.output<typeof eventCountsQuery>;
export type RetentionQuery = z.output<typeof retentionQuery>;
