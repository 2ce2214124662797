/** Where the events live in NATS. All of it is configuration, so that tests and tenants do not meet. */
export interface StreamNames {
  /** The work queue that holds what was acknowledged to clients and is not yet stored. */
  stream: string;
  /** The one subject of that stream. */
  subject: string;
  /** The writers' shared durable consumer. */
  durable: string;
  /** The stream that keeps what PostgreSQL can never store. */
  deadLetterStream: string;
  /** The one subject of the dead-letter stream. */
  deadLetterSubject: string;
}

export const DEFAULT_STREAM_NAMES: Readonly<StreamNames> = Object.freeze({
  stream: 'EVENTS',
  subject: 'events.ingest',
  durable: 'jetstream-writer',
  deadLetterStream: 'EVENTS_DLQ',
  deadLetterSubject: 'events.dead',
});
