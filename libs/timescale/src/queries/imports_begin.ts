import type { Database } from '../database.js';

/** What identifies an import: the same file read the same way. */
export interface ImportIdentity {
  /** What the input is called; of no account for who it is. */
  source: string;
  /** How it is read: what decides which events it holds. Any JSON. */
  settings: Readonly<Record<string, unknown>>;
  /** Hex SHA-256 of the file as it lies there; undefined of a stream, which is never the same again. */
  digest: string | undefined;
  /** Of the file, in bytes. */
  sizeBytes: number | undefined;
}

export interface BegunImport {
  id: number;
  state: 'running' | 'finished';
  /** It was made by this call. */
  begun: boolean;
}

/** The lock has two that begin at once find one another's. */
export function beginImportRow(db: Database, identity: ImportIdentity): Promise<BegunImport | undefined> {
  const { source, digest = null, sizeBytes = null } = identity;
  const settings = JSON.stringify(identity.settings);
  return db.transaction(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(hashtextextended('event_analytics.imports', 0))`;
    const [known] = await sql<BegunImport[]>`
      SELECT id, state, false AS begun
      FROM imports
      WHERE digest = decode(${digest}::text, 'hex') AND settings = ${settings}::text::jsonb
        AND size_bytes IS NOT DISTINCT FROM ${sizeBytes}::bigint AND state IN ('running', 'finished')
      ORDER BY id DESC
      LIMIT 1`;
    if (known !== undefined) return known;
    const [begun] = await sql<BegunImport[]>`
      INSERT INTO imports (source, settings, digest, size_bytes)
      VALUES (${source}, ${settings}::text::jsonb, decode(${digest}::text, 'hex'), ${sizeBytes}::bigint)
      RETURNING id, state, true AS begun`;
    return begun;
  });
}
