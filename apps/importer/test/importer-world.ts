import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type ChildEnd, type TestDatabase } from '@event-analytics/testkit';
import { connectDatabase, migrate, recountTotals, type Database } from '@event-analytics/timescale';
import { parseString } from 'fast-csv';

import { runImporter, summaryOf } from './run-importer.js';
import type { ImportSummary } from '../src/report/summary.js';

/** An event as it lies in the database. */
export interface StoredEvent {
  event_id: string;
  user_id: string;
  event_type: string;
  /** With milliseconds; with more digits only if more than milliseconds were stored, which is an error. */
  occurred_at: string;
  properties: Record<string, unknown>;
}

export interface Run extends ChildEnd {
  summary: ImportSummary;
}

export interface RunExtras {
  nodeOptions?: string[];
}

/** A database and a directory, and the built command between them. */
export interface ImporterWorld {
  cwd: string;
  url: string;
  db: Database;
  run: (args: string[], extras?: RunExtras) => Promise<Run>;
  /** @returns the name, as it is given to the command */
  file: (name: string, content: string | Uint8Array) => Promise<string>;
  close: () => Promise<void>;
}

/** @param database another one than a new, empty one */
export async function createImporterWorld(database?: TestDatabase): Promise<ImporterWorld> {
  const cwd = await mkdtemp(join(tmpdir(), 'importer-'));
  const used = database ?? (await migratedDatabase());
  const { url } = used;
  const db = connect(url);
  return {
    cwd,
    url,
    db,
    run: async (args, extras = {}) => {
      const ended = await runImporter(['import', ...args], { cwd, databaseUrl: url, ...extras });
      // Where it read nothing, it has printed nothing: what it says tells why.
      if (ended.stdout === '') throw new Error(ended.stderr);
      return { ...ended, summary: summaryOf(ended) };
    },
    file: async (name, content) => {
      await writeFile(join(cwd, name), content);
      return name;
    },
    close: async () => {
      await db.end({ timeout: 5 });
      await used.drop();
      await rm(cwd, { recursive: true });
    },
  };
}

export const connect = (url: string): Database =>
  connectDatabase({ url, applicationName: 'test', maxConnections: 4 });

const migratedDatabase = (): Promise<TestDatabase> =>
  createTestDatabase({
    template: 'migrated',
    prepare: async (url) => {
      const empty = connect(url);
      await migrate(empty);
      await empty.end({ timeout: 5 });
    },
  });

/** All events, by id. */
export async function storedEvents(db: Database): Promise<StoredEvent[]> {
  const rows = await db.run(
    (sql) => sql<(Omit<StoredEvent, 'properties'> & { properties: string })[]>`
      SELECT event_id, user_id, event_type, properties::text AS properties,
        regexp_replace(to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '000Z$', 'Z')
          AS occurred_at
      FROM events ORDER BY event_id, occurred_at`,
  );
  return rows.map((row) => ({ ...row, properties: JSON.parse(row.properties) }));
}

export const byId = (events: readonly StoredEvent[]): StoredEvent[] =>
  events.toSorted((a, b) => (a.event_id < b.event_id ? -1 : 1));

/** The ledger: every key once, and the activity log accounts for exactly the rows. */
export async function expectLedger(db: Database, count: number): Promise<void> {
  expect(await recountTotals(db)).toMatchObject({
    rows: count,
    distinctKeys: count,
    logEvents: count,
    activityDifferences: 0,
  });
}

export interface Reject {
  line: number;
  code: string;
  message: string;
  row: string;
}

/** The rows of a reject file but the header of the input. Bytes are taken for Latin-1, so that all can be told. */
export async function readRejects(path: string): Promise<Reject[]> {
  const rejects: Reject[] = [];
  const text = (await readFile(path)).toString('latin1');
  for await (const row of parseString<Record<keyof Reject, string>, Reject>(text, { headers: true })) {
    const { line, code, message, row: bytes } = row as Record<keyof Reject, string>;
    if (code !== 'header') rejects.push({ line: Number(line), code, message, row: bytes });
  }
  return rejects;
}
