import { z } from 'zod';
import { choiceParameter } from './parameters.js';

/** What stands in the query of POST /events; `partial` comes out as a boolean. */
export const eventsQuery = z.strictObject({
  partial: choiceParameter('partial', ['true', 'false'], {
    description:
      '`true`: the valid events of a batch are taken and the invalid ones listed in `rejected`. `false`: one invalid event, and nothing of the batch is taken (422).',
    examples: ['true'],
    default: 'false',
  })
    .default('false')
    .transform((text) => text === 'true'),
});

export type EventsQuery = z.output<typeof eventsQuery>;
