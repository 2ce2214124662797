import { parseQuery } from '@event-analytics/api-contract';
import { checkScope, queryOf, sendJson, type ApiKeys, type EarlyRoute } from '@event-analytics/service-kit';
import fresh from 'fresh';
import type { z } from 'zod';

import { InvalidQueryError, type StatsAnswer } from '../use-cases/stats-context.js';
import { entityTag } from './entity-tag.js';

/** A route that reads its query by a schema and answers what a use case makes of it. */
export function statsRoute<Schema extends z.ZodType>(
  apiKeys: ApiKeys,
  path: string,
  schema: Schema,
  answer: (query: z.output<Schema>) => Promise<StatsAnswer<object>>,
): EarlyRoute {
  return {
    method: 'GET',
    path,
    async serve(request, response) {
      checkScope(apiKeys, 'stats', request.headers);
      const query = parseQuery(schema, queryOf(request));
      if (!query.ok) throw new InvalidQueryError(query.errors);
      const { body, madeOf } = await answer(query.value);
      // Late events change closed periods too: nobody may keep an answer without asking again.
      response.setHeader('Cache-Control', 'no-cache');
      if (madeOf !== undefined) {
        const etag = entityTag([path, ...madeOf]);
        response.setHeader('ETag', etag);
        if (fresh(request.headers, { etag })) {
          response.statusCode = 304;
          response.end();
          return;
        }
      }
      sendJson(response, body);
    },
  };
}
