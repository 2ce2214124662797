import { Readable } from 'node:stream';
import { DEFAULT_LIMITS } from '@event-analytics/event-schema';

import type { Batch } from './batch.js';
import { readBatches, type ReadOptions } from './read-batches.js';

const HEADER = 'event_id,occurred_at,user_id,event_type,properties_json\n';
const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const goodRow = (n: number): string => `${id(n)},2024-03-04T10:00:00Z,u${n},view,{}\n`;

async function batchesOf(text: string, o: Partial<ReadOptions> = {}, chunkBytes = 7): Promise<Batch[]> {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, i) =>
    bytes.subarray(i * chunkBytes, (i + 1) * chunkBytes),
  );
  const batches: Batch[] = [];
  const options: ReadOptions = {
    limits: DEFAULT_LIMITS,
    clock: () => Date.parse('2024-03-05T00:00:00Z'),
    batchSize: 3,
    batchBytesMax: 1_000_000,
    maxRecordBytes: 100_000,
    stopped: () => false,
    ...o,
  };
  for await (const batch of readBatches(Readable.from(chunks, { objectMode: false }), options))
    batches.push(batch);
  return batches;
}

const lines = (batches: Batch[]): number[][] => batches.map((batch) => batch.events.map((row) => row.line));
const rejects = (batches: Batch[]): [number, string][] =>
  batches.flatMap((batch) => batch.rejected.map((row): [number, string] => [row.line, row.code]));

describe('readBatches', () => {
  it('groups rows by number and by size', async () => {
    const text = HEADER + [1, 2, 3, 4, 5, 6].map(goodRow).join('');
    // The header is read as the first record of the first group.
    expect(lines(await batchesOf(text))).toEqual([[2, 3], [4, 5, 6], [7]]);
    expect(lines(await batchesOf(text, { batchSize: 100, batchBytesMax: 120 }))).toEqual([
      [2],
      [3, 4],
      [5, 6],
      [7],
    ]);
  });

  it('validates every row by the rules of an event, and names the first problem', async () => {
    const text =
      HEADER +
      goodRow(1).replace(id(1), 'no-uuid') +
      goodRow(2).replace('2024-03-04T10:00:00Z', '1970-01-01T00:00:00Z') +
      goodRow(3).replace('2024-03-04', '2024-03-07') +
      goodRow(4).replace('{}', '"{""a"":1e400}"') +
      goodRow(5).replace('{}', '') +
      goodRow(6).replace('{}', '[]') +
      goodRow(7).replace(',view', '') +
      goodRow(8).replace('view', 'view,more') +
      `${id(9)},,,,\n`;
    const batches = await batchesOf(text, { batchSize: 100 });
    expect(lines(batches)).toEqual([[6]]);
    expect(rejects(batches)).toEqual([
      [2, 'invalid_uuid'],
      [3, 'timestamp_too_old'],
      [4, 'timestamp_in_future'],
      [5, 'number_precision'],
      [7, 'invalid_type'],
      [8, 'wrong_column_count'],
      [9, 'wrong_column_count'],
      [10, expect.any(String)],
    ]);
    expect(batches[0]?.rejected.at(-1)?.message).toMatch(
      /occurred_at.*user_id.*event_type|user_id.*event_type.*occurred_at/s,
    );
  });

  it('refuses a header before any row', async () => {
    await expect(batchesOf('event_id,nonsense\n' + goodRow(1))).rejects.toThrow('unknown: "nonsense"');
    await expect(batchesOf('')).rejects.toThrow('the input is empty');
    await expect(batchesOf('\n\n')).rejects.toThrow('the input is empty');
    await expect(batchesOf('"event_id')).rejects.toThrow('the header is no CSV row');
    await expect(batchesOf('\u0000\u0001PNG\n\u0002')).rejects.toThrow('missing: "event_id"');
  });

  it('reads a header without rows', async () => {
    expect(await batchesOf(HEADER)).toEqual([]);
  });

  it('takes nothing of what was not read to its end when it is stopped', async () => {
    let chunks = 0;
    const text = HEADER + goodRow(1) + goodRow(2);
    const stopped = (): boolean => (chunks += 1) > 20;
    const batches = await batchesOf(text, { batchSize: 1, stopped });
    expect(lines(batches)).toEqual([[2]]);
  });
});
