/**
 * A yardstick: the importer that one writes first. fast-csv, zod for each row, and an INSERT of many rows with ON
 * CONFLICT DO NOTHING, one after the other on one connection. What is no event is counted and left out.
 */
import { parseFile } from 'fast-csv';
// eslint-disable-next-line no-restricted-imports -- what others would write is measured, not what we have
import postgres from 'postgres';
import { z } from 'zod';

const BATCH_ROWS = 1_000;

const [path = '', databaseUrl = '', maxRows = '0'] = process.argv.slice(2);
const sql = postgres(databaseUrl, { max: 1, connection: { application_name: 'fast-csv' } });

const row = z.object({
  event_id: z.uuid(),
  occurred_at: z.iso.datetime({ offset: true }),
  user_id: z.string().min(1).max(256),
  event_type: z.string().min(1).max(128),
  properties_json: z
    .string()
    .transform((text) => JSON.parse(text) as unknown)
    .pipe(z.record(z.string(), z.json())),
});
type Row = z.infer<typeof row>;

async function insert(batch: readonly Row[]): Promise<number> {
  const rows = batch.map(({ properties_json, ...event }) => ({
    ...event,
    properties: sql.json(properties_json),
  }));
  const { count } = await sql`
    INSERT INTO events ${sql(rows, 'event_id', 'occurred_at', 'user_id', 'event_type', 'properties')}
    ON CONFLICT DO NOTHING`;
  return count;
}

const counts = { rows: 0, inserted: 0, rejected: 0 };
let batch: Row[] = [];
const stream = parseFile(path, { headers: true, maxRows: Number(maxRows) });
for await (const record of stream as AsyncIterable<unknown>) {
  counts.rows += 1;
  const parsed = row.safeParse(record);
  if (!parsed.success) {
    counts.rejected += 1;
    continue;
  }
  batch.push(parsed.data);
  if (batch.length === BATCH_ROWS) {
    counts.inserted += await insert(batch);
    batch = [];
  }
}
if (batch.length > 0) counts.inserted += await insert(batch);
await sql.end();
console.log(JSON.stringify(counts));
