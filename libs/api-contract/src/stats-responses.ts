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
export type RetentionResponse = z.output<typeof retentionResponseSchema>;
