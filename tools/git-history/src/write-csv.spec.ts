import { PassThrough, Readable } from 'node:stream';
import { parseString } from 'fast-csv';

import type { CommitEvent } from './commit-event.js';
import { writeCsv } from './write-csv.js';

const event = (subject: string): CommitEvent => ({
  event_id: '42eea1af-a191-5475-baa8-f63024e826cc',
  occurred_at: '2024-03-01T00:00:00.000Z',
  user_id: 'u',
  event_type: 'commit',
  properties: { commit: 'abc', parents: 1, subject },
});

const listed = (events: Iterable<CommitEvent>): AsyncIterable<CommitEvent> => Readable.from(events);

describe('writeCsv', () => {
  it('writes what a CSV reader reads back, whatever the subject is', async () => {
    const subjects = ['plain', 'a,b', '"quoted"', 'line\nbreak\r', '=SUM(A1)', '', 'é🎈\u0001'];
    const output = new PassThrough();
    const count = await writeCsv(listed(subjects.map(event)), output);
    output.end();
    const rows: Record<string, string>[] = [];
    const text = (await output.toArray()).join('');
    for await (const row of parseString(text, { headers: true })) rows.push(row);
    expect(count).toBe(subjects.length);
    expect(rows.map((row) => JSON.parse(row['properties_json'] ?? '').subject)).toEqual(subjects);
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'event_id',
      'occurred_at',
      'user_id',
      'event_type',
      'properties_json',
    ]);
  });

  it('waits for a slow reader', async () => {
    let produced = 0;
    function* many(): Generator<CommitEvent> {
      for (; produced < 20_000; produced += 1) yield event('x'.repeat(100));
    }
    const output = new PassThrough();
    const writing = writeCsv(listed(many()), output);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(produced).toBeLessThan(2_000);
    output.resume();
    expect(await writing).toBe(20_000);
  });

  it('writes the header even when there is no event', async () => {
    const output = new PassThrough();
    await writeCsv(listed([]), output);
    output.end();
    expect((await output.toArray()).join('')).toBe(
      'event_id,occurred_at,user_id,event_type,properties_json\n',
    );
  });
});
