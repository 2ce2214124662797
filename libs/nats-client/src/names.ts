/** Where the events live in NATS. All of it is configuration, so that tests and tenants do not meet. */
export interface StreamNames {
  /** The work queue that holds what was acknowledged to clients and is not yet stored. */
  stream: string;
  /** The one subject of that stream. */
  subject: string;
  /** What the name of the writers' shared durable consumer begins with: see durableOf. */
  durable: string;
  /** The stream that keeps what PostgreSQL can never store. */
  deadLetterStream: string;
  /** The one subject of the dead-letter stream. */
  deadLetterSubject: string;
}

/** Of a server's id: as good as all of it. */
const RUN_LENGTH = 16;

export const DEFAULT_STREAM_NAMES: Readonly<StreamNames> = Object.freeze({
  stream: 'EVENTS',
  subject: 'events.ingest',
  durable: 'jetstream-writer',
  deadLetterStream: 'EVENTS_DLQ',
  deadLetterSubject: 'events.dead',
});

/**
 * The names with the durable of one stream: named for when that was made (`created` as its info says it), and for the
 * run of the server, where one is given. An ack names stream, durable and sequence; were the durable's name the same for
 * ever, one that is meant for a stream that is gone, or for an end that a killed server lost, would remove the unread
 * message of the same number from what came after it.
 */
export function namesOf(names: StreamNames, created: string, serverRun?: string): StreamNames {
  const run = serverRun === undefined ? '' : `-${serverRun.slice(0, RUN_LENGTH)}`;
  return { ...names, durable: `${names.durable}-${created.replace(/\D/g, '')}${run}` };
}
