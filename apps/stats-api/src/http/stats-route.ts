import { parseQuery } from '@event-analytics/api-contract';
import type { RequestHandler } from 'express';
import type { z } from 'zod';

import { InvalidQueryError, type StatsAnswer } from '../use-cases/stats-context.js';
import { entityTag } from './entity-tag.js';

/** A route that reads its query by a schema and answers what a use case makes of it. */
export function statsRoute<Schema extends z.ZodType>(
  schema: Schema,
  answer: (query: z.output<Schema>) => Promise<StatsAnswer<object>>,
): RequestHandler {
  return async (request, response) => {
    const query = parseQuery(schema, request.query);
    if (!query.ok) throw new InvalidQueryError(query.errors);
    const { body, madeOf } = await answer(query.value);
    // Late events change closed periods too: nobody may keep an answer without asking again.
    response.set('Cache-Control', 'no-cache');
    // Express makes a 304 of it where If-None-Match names the tag.
    if (madeOf !== undefined) response.set('ETag', entityTag([request.path, ...madeOf]));
    response.json(body);
  };
}
