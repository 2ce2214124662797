import { createHash } from 'node:crypto';
import { beginImport, type ChunkRange, type Database } from '../src/index.js';

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A running import of a file of that name. */
export async function begin(db: Database, source = 'a.csv'): Promise<number> {
  const identity = { source, settings: { format: 'csv' }, digest: sha256(source), sizeBytes: 1_000 };
  return (await beginImport(db, identity)).id;
}

/** The nth thousand bytes. */
export function chunk(n: number, fields: Partial<ChunkRange> = {}): ChunkRange {
  const start = n * 1_000;
  return {
    start,
    end: start + 1_000,
    firstLine: n * 10 + 2,
    lines: 10,
    digest: sha256(`chunk ${n}`),
    ...fields,
  };
}

export interface OwnedEvent {
  event_id: string;
  user_id: string;
  import_id: number | null;
}

/** Who brought which event, by id. */
export async function owners(db: Database): Promise<OwnedEvent[]> {
  const rows = await db.run(
    (sql) => sql<OwnedEvent[]>`SELECT event_id, user_id, import_id FROM events ORDER BY event_id`,
  );
  return rows.map((row) => ({ ...row }));
}

/** Who else claims which event, by id. */
export async function claims(db: Database): Promise<{ event_id: string; import_id: number }[]> {
  const rows = await db.run(
    (sql) => sql<{ event_id: string; import_id: number }[]>`
      SELECT event_id, import_id FROM import_claims ORDER BY event_id, import_id`,
  );
  return rows.map((row) => ({ ...row }));
}
