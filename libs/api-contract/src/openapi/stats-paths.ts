import type { z } from 'zod';
import { MAX_HOURLY_RANGE_DAYS } from '../date-range.js';
import { rawDataDropped, type ParameterProblem } from '../parameter-problem.js';
import {
  activeUsersQuery,
  dauQuery,
  eventCountsQuery,
  funnelQuery,
  retentionParameters,
  stickinessQuery,
  topEventsQuery,
} from '../stats-queries.js';
import { commonRefusals, keyRefusals } from './refusals.js';
import { ETAG, jsonResponse, notModifiedResponse, problemResponse } from './responses.js';
import {
  ACTIVE_USERS,
  DAU,
  EVENT_COUNTS_BY_DAY,
  EVENT_COUNTS_BY_HOUR,
  FUNNEL,
  RETENTION,
  STICKINESS,
  TOP_EVENTS,
} from './stats-examples.js';
import type { MediaType, Operation, Parameter } from './openapi-document.js';
import { queryParameters, type SchemaName } from './schemas.js';

const RANGE = `A day is a calendar day in \`timezone\`, daylight saving time included. The range is inclusive on both ends, at most 3,660 days, and by default the last 30 days up to today, whatever \`as_of\` says.`;

const EXACT = `The numbers are exact, and hold every event answered 202 within a second as a rule. A late event changes a past day too.`;

/** GET /stats/dau. */
export const dauOperation = (): Operation =>
  statsOperation({
    operationId: 'getDailyActiveUsers',
    summary: 'Daily active users',
    description: `Distinct user_ids with at least one event on each day. ${RANGE} Every day of the range is listed, those of nobody with 0. A day that is not yet over at \`as_of\` has \`complete: false\`, with its real count so far. ${EXACT}`,
    query: dauQuery,
    schema: 'DauResponse',
    examples: { example: { value: DAU } },
    errors: [
      {
        path: 'from',
        code: 'from_after_to',
        message: 'from (2024-03-12) is after to (2024-03-04): send a from that is the same day or earlier.',
      },
    ],
  });

/** GET /stats/active-users. */
export const activeUsersOperation = (): Operation =>
  statsOperation({
    operationId: 'getActiveUsers',
    summary: 'Active users by day, week or month',
    description: `Distinct user_ids with at least one event in each period: calendar days, ISO weeks (Monday to Sunday) or calendar months. Every period that the range touches is counted whole, also where it begins before \`from\` or ends after \`to\`; \`end\` is inclusive. ${RANGE} A period that is not yet over at \`as_of\` has \`complete: false\`. ${EXACT}`,
    query: activeUsersQuery,
    schema: 'ActiveUsersResponse',
    examples: { example: { value: ACTIVE_USERS } },
    errors: [
      {
        path: 'period',
        code: 'invalid_value',
        message: 'period must be one of day, week, month, not "year".',
      },
    ],
  });

/** GET /stats/top-events. */
export const topEventsOperation = (): Operation =>
  statsOperation({
    operationId: 'getTopEvents',
    summary: 'Most frequent event types',
    description: `The event types of the range by their number of events, descending, and then by name (by code point), each with its distinct user_ids. ${RANGE} ${EXACT}`,
    query: topEventsQuery,
    schema: 'TopEventsResponse',
    examples: { example: { value: TOP_EVENTS } },
    errors: [{ path: 'limit', code: 'out_of_range', message: 'limit must be 1 to 1000, not 0.' }],
  });

const RETENTION_DESCRIPTION = `
Of the users that began in a window, how many came back n windows later.

**Windows** are calendar days, spans of 7 days that begin at \`start_date\` (any day of the week), or calendar months (\`start_date\` is a 1st then), in \`timezone\`. Window k begins k spans after \`start_date\`. \`start_date\`, \`window_type\` and \`windows\` have no default.

**Cohort k** is the users whose *first event ever* (first \`born_event\` ever, if given) falls into window k: not their first of the range asked for. An event that arrives late but happened earlier moves its user. There is one row for each of \`cohorts\` (by default as many as \`windows\`), and each has the offsets 0 to \`windows\`.

**Retained at n**: with \`mode=classic\` the users of the cohort that have an event (\`return_event\`, if given) in exactly window k+n; with \`mode=unbounded\` in window k+n or any later one. Without \`return_event\`, n = 0 is the whole cohort.

**Zero and null.** Nothing is left out: a cohort of nobody has size 0 and zeros, and null for each rate. A cell whose window has not begun at \`as_of\` is null; a cohort that has not begun has size 0 and every cell null. A cell whose window has begun and is not over has \`complete: false\` and its real count so far.

**average** at n is the sum of retained over the sum of size, of the cohorts whose cell n is complete (so by size, not by cohort); null where there are none.
`.trim();

/** GET /stats/retention. */
export const retentionOperation = (): Operation =>
  statsOperation({
    operationId: 'getRetention',
    summary: 'Retention of cohorts',
    description: `${RETENTION_DESCRIPTION}\n\n${EXACT}`,
    query: retentionParameters,
    schema: 'RetentionResponse',
    examples: { example: { value: RETENTION } },
    errors: [
      {
        path: 'start_date',
        code: 'not_first_of_month',
        message:
          'start_date must be the 1st of a month with window_type=monthly, not 2024-03-04: send 2024-03-01.',
      },
    ],
  });

/** GET /stats/stickiness. */
export const stickinessOperation = (): Operation =>
  statsOperation({
    operationId: 'getStickiness',
    summary: 'Stickiness: daily over monthly active users',
    description: `For each day its active users (\`dau\`), those of the 30 days that end with it, itself among them (\`mau\`), and how many of these they are (\`stickiness\`: dau / mau, null where mau is 0). The 30 days reach back before \`from\`. ${RANGE} Every day of the range is listed. A day that is not yet over at \`as_of\` has \`complete: false\`. \`average\` is the sum of dau over the sum of mau, of the complete days (so by user, not by day); null where that is nobody. ${EXACT}`,
    query: stickinessQuery,
    schema: 'StickinessResponse',
    examples: { example: { value: STICKINESS } },
    errors: [
      {
        path: 'to',
        code: 'invalid_date',
        message: 'to is no date that exists: "2024-02-30"; send one like 2024-02-29.',
      },
    ],
  });

const FUNNEL_DESCRIPTION = `
How many users did all of several things in order, and where the others stopped.

**Ordered by day, not by the clock.** A user reaches step n if there are days d1 ≤ d2 ≤ … ≤ dn in the range with an event of step 1 on d1, of step 2 on d2, and so on. So a step on an *earlier day* than the one before it does not count, and on *one and the same day the order does not matter*: who bought at 9:00 and signed up at 10:00 has done both in order. A funnel within a day therefore counts whoever did all of it that day. There is no limit of time between steps but the range.

Each user counts once at each step, whatever they did in between. A user that reaches a step has reached all before it. \`rate\` is of the users of the first step, \`step_rate\` of those of the step before (at the first step 1); null where that is 0.
`.trim();

/** GET /stats/funnel. */
export const funnelOperation = (): Operation =>
  statsOperation({
    operationId: 'getFunnel',
    summary: 'Funnel: users that did all of several things in order',
    description: `${FUNNEL_DESCRIPTION}\n\n${RANGE} \`complete\` tells whether the last day was over at \`as_of\`. ${EXACT}`,
    query: funnelQuery,
    schema: 'FunnelResponse',
    examples: { example: { value: FUNNEL } },
    errors: [
      {
        path: 'steps',
        code: 'repeated_step',
        message: 'step 3 of steps is the same as step 1, "signup": send each event type once.',
      },
    ],
  });

const EVENT_COUNTS_DESCRIPTION = `
Numbers of events over time, of the types with the most events in the range (\`limit\` of them; by number, descending, and then by name, by code point). With \`event_type\` of that one alone, which is listed also where it has none.

**Intervals.** \`starts\`, \`complete\`, \`total\` and each \`counts\` have one entry for each day or hour of the range, in order, those without events too. \`total\` holds the events of every type, also of those that are not listed (with \`event_type\`: of it alone).

**Hours** are stretches in which the clock of \`timezone\` shows one date and hour, without a jump. A day on which the clocks go back has 25, the hour that comes twice once for each of its offsets; a day on which they go forward has 23. Where a clock jumps by half an hour, or at another time than the full hour, there is a shorter one. A start is written as the local time and its offset from UTC; an offset with seconds (before 1973) as the next full minute, with the time to match.
`.trim();

/** GET /stats/event-counts. */
export const eventCountsOperation = (): Operation =>
  statsOperation({
    operationId: 'getEventCounts',
    summary: 'Events over time, by type',
    description: `${EVENT_COUNTS_DESCRIPTION}\n\n${RANGE} By \`hour\` it holds at most ${MAX_HOURLY_RANGE_DAYS} days. An interval that is not yet over at \`as_of\` has \`complete: false\`, with its real count so far. ${EXACT}`,
    query: eventCountsQuery,
    schema: 'EventCountsResponse',
    examples: {
      day: { summary: 'By day', value: EVENT_COUNTS_BY_DAY },
      hour: { summary: 'By hour, on a day of 23', value: EVENT_COUNTS_BY_HOUR },
    },
    errors: [
      {
        path: 'from',
        code: 'range_too_long',
        message:
          'from 2024-01-01 to to 2024-04-02 are 93 days, at most 92 are answered by the hour: ask for a shorter range.',
      },
    ],
  });

const ifNoneMatch: Parameter = {
  name: 'If-None-Match',
  in: 'header',
  required: false,
  description:
    'The `ETag` of an answer that is kept: if nothing that it was made of has changed, the answer is a 304 without a body.',
  schema: { type: 'string', examples: [ETAG] },
};

function statsOperation(o: {
  operationId: string;
  summary: string;
  description: string;
  query: z.ZodObject;
  schema: SchemaName;
  examples: NonNullable<MediaType['examples']>;
  errors: ParameterProblem[];
}): Operation {
  const start = 'start_date' in o.query.shape ? 'start_date' : 'from';
  return {
    operationId: o.operationId,
    tags: ['Statistics'],
    summary: o.summary,
    description: o.description,
    parameters: [...queryParameters(o.query), ifNoneMatch],
    responses: {
      200: jsonResponse(
        'The statistics. An answer from the index has an `ETag`; one that was computed from the events has none.',
        {
          schema: o.schema,
          examples: o.examples,
          headers: ['ETag', 'Cache-Control'],
        },
      ),
      304: notModifiedResponse(
        'The answer that `If-None-Match` names still holds: nothing that it was made of has changed.',
        ['ETag', 'Cache-Control'],
      ),
      400: problemResponse('The request cannot be read.', {
        problems: [{ code: 'bad_request', detail: 'The request is not valid HTTP.' }],
      }),
      ...keyRefusals('stats'),
      422: problemResponse(
        'A parameter is invalid, missing, unknown or given twice; `errors` lists each under its name. Where raw events were dropped after a time, `raw_data_dropped`: the question reaches back to them in a zone that is not indexed.',
        {
          problems: [
            { code: 'invalid_parameters', detail: 'The query is not valid: see errors.', errors: o.errors },
            {
              name: 'raw_data_dropped',
              code: 'invalid_parameters',
              detail: 'The query is not valid: see errors.',
              errors: [
                rawDataDropped(start, {
                  retainedFrom: '2024-01-01T00:00:00.000Z',
                  zones: ['UTC', 'America/New_York'],
                }),
              ],
            },
          ],
        },
      ),
      503: problemResponse('The statistics cannot be had just now: try again.', {
        problems: [
          { code: 'database_unavailable', detail: 'The database does not answer. Try again.' },
          {
            code: 'statement_timeout',
            detail: 'This took longer than 30 s. Ask for a shorter range or fewer windows.',
          },
          { code: 'overloaded', detail: 'Too many questions at once. Try again a little later.' },
          { code: 'upstream_unavailable', detail: 'The stats-api does not answer. Try again.' },
        ],
        headers: ['Retry-After'],
      }),
      ...commonRefusals(),
    },
  };
}
