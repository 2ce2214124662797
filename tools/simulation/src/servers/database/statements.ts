/** An event of an insert, as the server reads it. */
export interface SentEvent {
  event_id: string;
  /** `YYYY-MM-DDTHH:mm:ss.sssZ` */
  occurred_at: string;
  received_at: string;
  user_id: string;
  event_type: string;
  properties_json: string;
}

export interface InsertStatement {
  kind: 'insert';
  sent: SentEvent[];
  /** Without ON CONFLICT DO NOTHING. */
  unseen: boolean;
}

export type Statement =
  | InsertStatement
  | { kind: 'storage_kind' }
  | { kind: 'any_imports' }
  | { kind: 'make_partitions'; starts: string[] };

/** A statement as the tagged template gives it: the texts between the parameters, fragments already put in. */
export interface StatementText {
  text: string;
  parameters: unknown[];
}

/** What the insert is known by. A change of it in libs/timescale is to be followed here: see the README. */
const INSERT_BEGINS = 'WITH inserted AS ( INSERT INTO events (';
const INSERT_SORTS = 'ORDER BY event_id, occurred_at, position';
const INSERT_RETURNS = 'RETURNING floor(date_part(';
const LINES = 'FROM string_to_table($3::text';
const RECORDS = 'json_to_recordset($2::text::json)';

type Reader = (parameters: readonly unknown[]) => Statement;

/** By their texts, of which there are few. */
const readers = new Map<string, Reader>();

/**
 * The few statements that writing consists of, with what their parameters mean. Any other text is an error, so that a
 * changed statement is not silently taken for the one that is simulated.
 */
export function readStatement({ text, parameters }: StatementText): Statement {
  const reader = readers.get(text) ?? readerOf(text);
  readers.set(text, reader);
  return reader(parameters);
}

function readerOf(text: string): Reader {
  const words = text.replace(/\s+/g, ' ').trim();
  if (words === 'SELECT kind FROM event_storage') return () => ({ kind: 'storage_kind' });
  if (words === 'SELECT EXISTS (SELECT FROM imports) AS any') return () => ({ kind: 'any_imports' });
  if (words === 'SELECT events_make_partitions($1::date[])') {
    return ([starts]) => ({ kind: 'make_partitions', starts: arrayElements(starts) });
  }
  if (words.startsWith(INSERT_BEGINS) && words.includes(INSERT_SORTS) && words.includes(INSERT_RETURNS)) {
    const unseen = !words.includes('ON CONFLICT DO NOTHING');
    if (words.includes(LINES)) return (sent) => ({ kind: 'insert', unseen, sent: readLines(sent) });
    if (words.includes(RECORDS)) return (sent) => ({ kind: 'insert', unseen, sent: readRecords(sent) });
  }
  throw new Error(`the simulated database does not know this statement: ${words.slice(0, 200)}`);
}

function arrayElements(parameter: unknown): string[] {
  const inner = textOf(parameter).slice(1, -1);
  return inner === '' ? [] : inner.split(',');
}

function readLines([receivedAt, starts, lines]: readonly unknown[]): SentEvent[] {
  const received = arrayElements(receivedAt);
  const firsts = arrayElements(starts).map(Number);
  return textOf(lines)
    .split('\n')
    .map((line, index) => {
      const [id = '', occurred = '', user_id = '', event_type = '', ...properties] = line.split('\t');
      // As width_bucket counts: how many of them begin at this line or before it.
      const at = firsts.filter((first) => first <= index + 1).length;
      return sentEvent({
        event_id: id,
        occurred_at: occurred,
        received_at: received[at - 1] ?? '',
        user_id,
        event_type,
        properties_json: properties.join('\t'),
      });
    });
}

function readRecords([receivedAt, json]: readonly unknown[]): SentEvent[] {
  const records = JSON.parse(textOf(json)) as (Omit<SentEvent, 'received_at' | 'properties_json'> & {
    received_at?: string;
    properties: unknown;
  })[];
  return records.map(({ properties, received_at, ...event }) =>
    sentEvent({
      ...event,
      received_at: received_at ?? textOf(receivedAt),
      properties_json: JSON.stringify(properties),
    }),
  );
}

function sentEvent(event: SentEvent): SentEvent {
  const instant = (text: string): string => new Date(text).toISOString();
  return {
    ...event,
    event_id: event.event_id.toLowerCase(),
    occurred_at: instant(event.occurred_at),
    received_at: instant(event.received_at),
  };
}

function textOf(parameter: unknown): string {
  if (typeof parameter !== 'string') throw new TypeError('a parameter that is no text');
  return parameter;
}
