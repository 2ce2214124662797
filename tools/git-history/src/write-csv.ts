import { once } from 'node:events';
import type { Writable } from 'node:stream';

import type { CommitEvent } from './commit-event.js';

const HEADER = 'event_id,occurred_at,user_id,event_type,properties_json\n';
const WRITE_CHARACTERS = 64 * 1024;

/** Writes events in the importer's CSV format, no faster than `output` takes them. Resolves to their number. */
export async function writeCsv(events: AsyncIterable<CommitEvent>, output: Writable): Promise<number> {
  let count = 0;
  let text = HEADER;
  for await (const event of events) {
    count += 1;
    text += toRow(event);
    if (text.length < WRITE_CHARACTERS) continue;
    await write(output, text);
    text = '';
  }
  await write(output, text);
  return count;
}

async function write(output: Writable, text: string): Promise<void> {
  if (text !== '' && !output.write(text)) await once(output, 'drain');
}

function toRow({ event_id, occurred_at, user_id, event_type, properties }: CommitEvent): string {
  return `${event_id},${occurred_at},${user_id},${event_type},${quoted(JSON.stringify(properties))}\n`;
}

function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}
