import { EVENT_PROBLEM_CODES } from '@event-analytics/event-schema';
import { z } from 'zod';
import { PARAMETER_PROBLEM_CODES } from './parameter-problem.js';
import { PROBLEM_CODES } from './problem-codes.js';

const count = () => z.int().nonnegative();

/** One thing that is wrong with one event of a batch. */
export const eventProblemSchema = z
  .object({
    index: count().meta({ description: 'Position among the events sent, from 0.' }),
    event_id: z.string().nullable().meta({ description: 'As sent, if it is a UUID.' }),
    path: z.string().meta({
      description: 'Where in the event, like `occurred_at` or `properties.a[0]`; empty for the event itself.',
    }),
    code: z.enum(EVENT_PROBLEM_CODES),
    message: z.string().meta({ description: 'What is wrong, and what to do.' }),
    line: z.int().positive().optional().meta({ description: 'NDJSON only: the line, from 1.' }),
  })
  .meta({ description: 'What is wrong with one event.' });

/** One thing that is wrong with a query parameter, or with the body around its events. */
export const parameterProblemSchema = z
  .object({
    path: z.string().meta({ description: "The parameter's or field's name." }),
    code: z.enum([...new Set([...PARAMETER_PROBLEM_CODES, ...EVENT_PROBLEM_CODES])]),
    message: z.string().meta({ description: 'The rule, and what to do.' }),
  })
  .meta({ description: 'What is wrong with one parameter, or with the body around its events.' });

/** Every answer that is no success: RFC 9457, application/problem+json. */
export const problemBodySchema = z
  .object({
    type: z.string().meta({ description: 'Always `about:blank`: the `code` says which problem it is.' }),
    title: z.string(),
    status: z.int().min(400).max(599).meta({ description: 'The HTTP status, again.' }),
    code: z.enum(PROBLEM_CODES).meta({ description: 'Stable; fit to be switched on.' }),
    detail: z.string().meta({ description: 'For people: what happened, and what to do.' }),
    request_id: z.string().meta({ description: 'The X-Request-Id of this answer; it is in the logs.' }),
    errors: z
      .array(z.union([eventProblemSchema, parameterProblemSchema]))
      .optional()
      .meta({ description: 'With 422: each thing that is wrong.' }),
  })
  .meta({ description: 'A refusal, after RFC 9457. Never holds a stack, SQL or the words of a dependency.' });

export type ProblemBody = z.output<typeof problemBodySchema>;
