import { streamConfig, streamName, subjectName } from '@event-analytics/service-kit';
import type { StreamNames } from '@event-analytics/nats-client';
import type { z } from 'zod';

/** Where the events and the dead letters live, for the writer and for the command that runs beside it. */
export const streamNamesConfig = {
  ...streamConfig,
  NATS_DURABLE: streamName.default('jetstream-writer'),
  /** Default: the stream's name and _DLQ. */
  NATS_DEAD_LETTER_STREAM: streamName.optional(),
  NATS_DEAD_LETTER_SUBJECT: subjectName.default('events.dead'),
};

export function streamNames(config: z.infer<z.ZodObject<typeof streamNamesConfig>>): StreamNames {
  return {
    stream: config.NATS_STREAM,
    subject: config.NATS_SUBJECT,
    durable: config.NATS_DURABLE,
    deadLetterStream: config.NATS_DEAD_LETTER_STREAM ?? `${config.NATS_STREAM}_DLQ`,
    deadLetterSubject: config.NATS_DEAD_LETTER_SUBJECT,
  };
}
