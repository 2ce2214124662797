import { z } from 'zod';

const date = (description: string) => z.iso.date().meta({ description });
const count = (description: string) => z.int().nonnegative().meta({ description });
const complete = () => z.boolean().meta({ description: 'Whether it was over at `as_of`.' });

const range = {
  from: date('First day, inclusive; the default filled in.'),
  to: date('Last day, inclusive; the default filled in.'),
  timezone: z.string().meta({ description: 'IANA name of the time zone that days are of.' }),
};

export const dauResponseSchema = z
  .object({
    ...range,
    days: z
      .array(
        z.object({
          date: date('The calendar day.'),
          active_users: count('Distinct user_ids with at least one event that day.'),
          complete: complete(),
        }),
      )
      .meta({ description: 'Every day of the range in order, those of nobody too.' }),
  })
  .meta({ description: 'Daily active users.' });

export const activeUsersResponseSchema = z
  .object({
    ...range,
    period: z.enum(['day', 'week', 'month']),
    periods: z
      .array(
        z.object({
          start: date('Its first day.'),
          end: date('Its last day, inclusive.'),
          active_users: count('Distinct user_ids with at least one event in the whole period.'),
          complete: complete(),
        }),
      )
      .meta({ description: 'Every period that the range touches, whole, in order.' }),
  })
  .meta({ description: 'Active users by day, ISO week or calendar month.' });

export const topEventsResponseSchema = z
  .object({
    ...range,
    events: z
      .array(
        z.object({
          event_type: z.string(),
          count: count('Events of this type in the range.'),
          users: count('Distinct user_ids among them.'),
        }),
      )
      .meta({ description: 'By count, descending; then by event_type, ascending by code point.' }),
  })
  .meta({ description: 'The most frequent event types.' });

const rate = z.number().min(0).max(1).nullable();
const rateOf = (description: string) => rate.meta({ description });

export const stickinessResponseSchema = z
  .object({
    ...range,
    days: z
      .array(
        z.object({
          date: date('The calendar day.'),
          dau: count('Distinct user_ids with at least one event that day.'),
          mau: count('Distinct user_ids with at least one event in the 30 days that end with that day.'),
          stickiness: rateOf('dau / mau; null where mau is 0.'),
          complete: complete(),
        }),
      )
      .meta({ description: 'Every day of the range in order, those of nobody too.' }),
    average: rateOf(
      'The sum of dau over the sum of mau, of the complete days; null where that is nobody or there are none.',
    ),
  })
  .meta({ description: 'Of the users of the last 30 days, how many were there that day.' });

export const funnelResponseSchema = z
  .object({
    ...range,
    steps: z
      .array(
        z.object({
          event_type: z.string(),
          users: count('Distinct user_ids that reached this step.'),
          rate: rateOf('users / users of the first step; null where that is 0.'),
          step_rate: rateOf(
            'users / users of the step before (of the first step: itself); null where that is 0.',
          ),
        }),
      )
      .meta({ description: 'The steps in the order asked for.' }),
    complete: z.boolean().meta({ description: 'Whether the last day was over at `as_of`.' }),
  })
  .meta({ description: 'How many users reached each step.' });

export const eventCountsResponseSchema = z
  .object({
    ...range,
    interval: z.enum(['hour', 'day']),
    starts: z
      .array(
        z.union([z.iso.date(), z.iso.datetime({ offset: true, precision: 0 })]).meta({
          description:
            'A date by `day`; by `hour` the local time at which it begins, with its offset from UTC.',
        }),
      )
      .meta({ description: 'Every interval of the range in order, those without events too.' }),
    complete: z.array(z.boolean()).meta({ description: 'Of each interval: whether it was over at `as_of`.' }),
    total: z.array(z.int().nonnegative()).meta({
      description:
        'Of each interval: its events of every type, also those that are not listed; of `event_type` alone where that is given.',
    }),
    series: z
      .array(
        z.object({
          event_type: z.string(),
          total: count('Events of this type in the range.'),
          counts: z.array(z.int().nonnegative()).meta({ description: 'Of each interval: its events.' }),
        }),
      )
      .meta({ description: 'By total, descending; then by event_type, ascending by code point.' }),
  })
  .meta({ description: 'Numbers of events over time, by type.' });

export const retentionResponseSchema = z
  .object({
    start_date: date('Where window 0 begins.'),
    window_type: z.enum(['daily', 'weekly', 'monthly']),
    windows: z.int().positive().meta({ description: 'The highest offset.' }),
    cohorts: z
      .array(
        z
          .object({
            start: date("First day of the cohort's window."),
            size: count('Users of the cohort; 0 where its window has not begun.'),
            retained: z.array(z.int().nonnegative().nullable()).meta({
              description:
                'Users of the cohort that came back, at the offsets 0 to `windows`; null where the window has not begun.',
            }),
            rates: z.array(rate).meta({
              description: 'retained / size; null where retained is null or the cohort is of nobody.',
            }),
            complete: z.array(z.boolean()).meta({
              description: 'Whether window k+n was over at `as_of`: the number is final but for late events.',
            }),
          })
          .meta({ description: 'One cohort: the users whose first event ever falls in its window.' }),
      )
      .meta({ description: 'One row for each cohort in order, those of nobody too.' }),
    average: z.array(rate).meta({
      description:
        'At offset n: the sum of retained over the sum of size, of the cohorts whose cell n is complete; null where there are none.',
    }),
    timezone: z.string(),
    mode: z.enum(['classic', 'unbounded']),
    as_of: z.iso.datetime().meta({ description: 'The instant that `complete` and null are of, in UTC.' }),
  })
  .meta({ description: 'Retention of cohorts.' });

export type DauResponse = z.output<typeof dauResponseSchema>;
export type ActiveUsersResponse = z.output<typeof activeUsersResponseSchema>;
export type TopEventsResponse = z.output<typeof topEventsResponseSchema>;
export type StickinessResponse = z.output<typeof stickinessResponseSchema>;
export type FunnelResponse = z.output<typeof funnelResponseSchema>;
export type EventCountsResponse = z.output<typeof eventCountsResponseSchema>;
export type RetentionResponse = z.output<typeof retentionResponseSchema>;
