import type { WritableEvent } from './events_insert.js';

/** Events as text: lines of fields between tabs, properties last. */
export interface EventLines {
  text: string;
  /** Most events of a write were received together with others. */
  receivedAt: string[];
  /** Of each of those the position, from 1, of the first event that was: they ascend. */
  starts: number[];
}

/** What would end a field or a line, or be no text of PostgreSQL's (NUL), or be changed on its way there. */
const UNFIT = /[\p{Control}\p{Surrogate}]/u;

// What most of them are is told for a third of it.
const PRINTABLE_ASCII = /^[ -~]*$/;

const isUnfit = (text: string): boolean => !PRINTABLE_ASCII.test(text) && UNFIT.test(text);

/**
 * The server takes lines apart for less than half of what JSON costs it. They need no escapes: names hold no
 * control characters, and JSON text escapes its own. An event that is a line already is passed on as it stands.
 * @param receivedAt of those events that do not say it
 * @returns undefined where that is not so, or a name holds a lone surrogate: no event that is valid
 */
export function eventLines(events: readonly WritableEvent[], receivedAt: string): EventLines | undefined {
  const lines: EventLines = { text: '', receivedAt: [], starts: [] };
  let last: string | undefined;
  let position = 0;
  for (const event of events) {
    position += 1;
    const { line = lineOf(event), received_at = receivedAt } = event;
    if (line === undefined) return undefined;
    if (received_at !== last) {
      lines.receivedAt.push((last = received_at));
      lines.starts.push(position);
    }
    if (position > 1) lines.text += '\n';
    lines.text += line;
  }
  return lines;
}

function lineOf(event: WritableEvent): string | undefined {
  const { event_id, occurred_at, user_id, event_type } = event;
  if (isUnfit(user_id) || isUnfit(event_type) || isUnfit(event_id) || isUnfit(occurred_at)) return undefined;
  const properties = 'properties' in event ? JSON.stringify(event.properties) : event.properties_json;
  return `${event_id}\t${occurred_at}\t${user_id}\t${event_type}\t${properties}`;
}

/** What COPY reads: lines of event_id, occurred_at, user_id, event_type, properties and import_id. */
export interface CopyLines {
  text: string;
  /** ms since 1970 */
  earliestMs: number;
}

/** As Date.toISOString writes an instant, but for years before 0 and after 9999. */
const PLAIN_INSTANT = /^\d{4}-\d\d-\d\dT[0-2]\d:[0-5]\d:[0-5]\d\.\d{3}Z$/;

/**
 * @returns undefined where an event cannot be a line, says when it was received, or its instant is not as
 *   Date.toISOString writes it
 */
export function copyLines(events: readonly WritableEvent[], importId: number): CopyLines | undefined {
  const end = `\t${importId}\n`;
  let earliest: string | undefined;
  let text = '';
  for (const event of events) {
    const { occurred_at, received_at } = event;
    if (received_at !== undefined || !PLAIN_INSTANT.test(occurred_at)) return undefined;
    const line = lineOf(event);
    if (line === undefined) return undefined;
    if (earliest === undefined || occurred_at < earliest) earliest = occurred_at;
    text += line + end;
  }
  // The one character that is not itself, and rare: looked for once, in all of them.
  if (text.includes('\\')) text = text.replaceAll('\\', '\\\\');
  return { text, earliestMs: earliest === undefined ? Infinity : Date.parse(earliest) };
}
