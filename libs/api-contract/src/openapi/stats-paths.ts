import type { z } from 'zod';
import type { ParameterProblem } from '../parameter-problem.js';
import { activeUsersQuery, dauQuery, retentionParameters, topEventsQuery } from '../stats-queries.js';
import { commonRefusals, keyRefusals } from './refusals.js';
import { jsonResponse, problemResponse } from './responses.js';
import { ACTIVE_USERS, DAU, RETENTION, TOP_EVENTS } from './stats-examples.js';
import type { Operation } from './openapi-document.js';
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
    example: DAU,
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
    example: ACTIVE_USERS,
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
    example: TOP_EVENTS,
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
    example: RETENTION,
    errors: [
      {
        path: 'start_date',
        code: 'not_first_of_month',
        message:
          'start_date must be the 1st of a month with window_type=monthly, not 2024-03-04: send 2024-03-01.',
      },
    ],
  });

function statsOperation(o: {
  operationId: string;
  summary: string;
  description: string;
  query: z.ZodObject;
  schema: SchemaName;
  example: unknown;
  errors: ParameterProblem[];
}): Operation {
  return {
    operationId: o.operationId,
    tags: ['Statistics'],
    summary: o.summary,
    description: o.description,
    parameters: queryParameters(o.query),
    responses: {
      200: jsonResponse('The statistics.', {
        schema: o.schema,
        examples: { example: { value: o.example } },
      }),
      400: problemResponse('The request cannot be read.', {
        problems: [{ code: 'bad_request', detail: 'The request is not valid HTTP.' }],
      }),
      ...keyRefusals('stats'),
      422: problemResponse(
        'A parameter is invalid, missing, unknown or given twice; `errors` lists each under its name.',
        { problems: [{ code: 'invalid_parameters', detail: 'The query is invalid.', errors: o.errors }] },
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
          { code: 'shutting_down', detail: 'This service is about to stop. Try again.' },
        ],
        headers: ['Retry-After'],
      }),
      ...commonRefusals(),
    },
  };
}
