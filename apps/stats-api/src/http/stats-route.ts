import { parseQuery } from '@event-analytics/api-contract';
import type { RequestHandler } from 'express';
import type { z } from 'zod';

import { InvalidQueryError } from '../use-cases/stats-context.js';

/** A route that reads its query by a schema and answers what a use case makes of it. */
export function statsRoute<Schema extends z.ZodType>(
  schema: Schema,
  answer: (query: z.output<Schema>) => Promise<object>,
): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(schema, request.query);
    if (!query.ok) throw new InvalidQueryError(query.errors);
    const body = await answer(query.value);
    // Late events change closed periods too: nobody may keep an answer without asking again.
    response.set('Cache-Control', 'no-cache').json(body);
  };
}
