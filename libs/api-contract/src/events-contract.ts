import { DEFAULT_LIMITS, eventSchema } from '@event-analytics/event-schema';
import { z } from 'zod';
import { eventProblemSchema } from './problem-body.js';

/** The JSON body of POST /events at the default limits. It documents what event-schema's parsers check. */
export const eventsRequestSchema = z
  .strictObject({ events: z.array(eventSchema).min(1).max(DEFAULT_LIMITS.maxEventsPerRequest) })
  .meta({
    description: `A batch of 1 to ${DEFAULT_LIMITS.maxEventsPerRequest} events. Other fields are refused (\`unknown_field\`).`,
  });

/** 202 of POST /events. */
export const eventsResponseSchema = z
  .object({
    accepted: z.int().nonnegative().meta({ description: 'Events that are durably in the stream now.' }),
    duplicates: z.int().nonnegative().meta({
      description: 'Events that were there already: an event_id repeated in the batch, or remembered.',
    }),
    rejected: z.array(eventProblemSchema).meta({
      description:
        'With `partial=true`: one entry for each invalid event, the first thing wrong with it. Else empty.',
    }),
    request_id: z.string(),
  })
  .meta({ description: 'accepted + duplicates + the length of rejected = the events sent.' });

export type EventsRequest = z.input<typeof eventsRequestSchema>;
export type EventsResponse = z.output<typeof eventsResponseSchema>;
