import { join } from 'node:path';
import { childEnd, eventually, type ChildEnd } from '@event-analytics/testkit';

import { createImporterWorld, expectLedger, readRejects } from './importer-world.js';
import { runImporter, startImporter, type RunOptions } from './run-importer.js';

const WAIT_MS = 30_000;
/** Of the advisory lock that chunks wait for; a database is one test's own. */
const GATE = 4_711;

type Started = ReturnType<typeof startImporter> & { end: Promise<ChildEnd> };
type Run = Pick<RunOptions, 'stdin' | 'env'>;

/** A database and a folder of one test, and the command at work on both. */
export async function openWorkspace() {
  const { cwd, url, db, file, close } = await createImporterWorld();
  const releases = new Set<() => Promise<void>>();
  const started = new Set<Started>();

  return {
    cwd,
    db,
    run: (args: string[], o: Run = {}) => runImporter(args, { cwd, databaseUrl: url, ...o }),
    start,
    file,
    /** What `import status` prints. */
    status: async (id: number): Promise<ImportFacts> =>
      JSON.parse((await runImporter(['import', 'status', `${id}`], { cwd, databaseUrl: url })).stdout),
    holdChunksFrom,
    holding,
    killedAt,
    killAndWait,
    waitForLocks,
    stored,
    expectStored: (count: number) => expectLedger(db, count),
    /** Where rows stood and what they were, by line. */
    readRejects: async (name: string) =>
      (await readRejects(join(cwd, name)))
        .map(({ line, row }) => ({ line, row }))
        .sort((a, b) => a.line - b.line),
    close: async () => {
      for (const child of started) child.kill('SIGKILL');
      await Promise.all([...started].map(({ end }) => end));
      for (const release of releases) await release();
      await close();
    },
  };

  function start(args: string[]): Started {
    const child = startImporter(args, { cwd, databaseUrl: url });
    const one = Object.assign(child, { end: childEnd(child) });
    started.add(one);
    return one;
  }

  /** Does something in a transaction that stays open until it is released. */
  async function holding(what: string, statement: string): Promise<() => Promise<void>> {
    let letGo = (): void => undefined;
    const released = new Promise<void>((resolve) => (letGo = resolve));
    let ended: Promise<void> | undefined;
    await new Promise<void>((resolve, reject) => {
      ended = db.transaction(async (sql) => {
        await sql.unsafe(statement);
        resolve();
        await released;
      });
      ended.catch((cause: unknown) => reject(new Error(`could not hold ${what}`, { cause })));
    });
    const release = async (): Promise<void> => {
      releases.delete(release);
      letGo();
      await ended;
    };
    releases.add(release);
    return release;
  }

  /**
   * No chunk that starts at this byte or behind it is stored until that is released: so a test knows how far an import
   * comes, however fast the machine is.
   * @param o.msEach what every chunk takes at least
   */
  async function holdChunksFrom(at: number, o: { msEach?: number } = {}): Promise<() => Promise<void>> {
    await db.run((sql) =>
      sql.unsafe(`
        CREATE OR REPLACE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          PERFORM pg_sleep(${(o.msEach ?? 0) / 1_000});
          IF NEW.start_at >= ${at} THEN PERFORM pg_advisory_xact_lock_shared(${GATE}); END IF;
          RETURN NEW;
        END $$;
        CREATE OR REPLACE TRIGGER gate BEFORE INSERT ON import_chunks FOR EACH ROW EXECUTE FUNCTION wait_at_gate()`),
    );
    return await holding('the gate', `SELECT pg_advisory_xact_lock(${GATE})`);
  }

  async function waitForLocks(count: number): Promise<void> {
    const waiting = async (): Promise<number> => {
      const [row] = await db.run(
        (sql) => sql<{ n: number }[]>`
          SELECT count(*)::int4 AS n FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'event-importer' AND wait_event_type = 'Lock'`,
      );
      return row?.n ?? 0;
    };
    await eventually(`${count} of its connections wait`, WAIT_MS, waiting, (n) => n === count);
  }

  /** Kills an import once everything before this byte is stored, and nothing behind it. */
  async function killedAt(at: number, args: string[], stdin = ''): Promise<void> {
    const release = await holdChunksFrom(at);
    const child = start(['import', ...args, '--connections', '2']);
    child.stdin.end(stdin);
    await waitForLocks(2);
    await killAndWait(child, release);
  }

  /** @param release lets go what its connections wait for: a server notices who is gone only when it answers */
  async function killAndWait(child: Started, release?: () => Promise<void>): Promise<void> {
    child.kill('SIGKILL');
    expect((await child.end).exitCode).toBeNull();
    started.delete(child);
    await release?.();
    const connected = () =>
      db.run(
        (sql) => sql`
          SELECT FROM pg_stat_activity
          WHERE datname = current_database() AND application_name = 'event-importer'`,
      );
    await eventually('its connections are gone', WAIT_MS, connected, (rows) => rows.length === 0);
  }

  /** What is there at one moment: events, and what the imports say of them. */
  async function stored(): Promise<{ events: number; inserted: number; rows: number }> {
    const [counted] = await db.run(
      (sql) => sql<{ events: number; inserted: number; rows: number }[]>`
        SELECT (SELECT count(*) FROM events)::int4 AS events, coalesce(sum(inserted), 0)::int4 AS inserted,
          coalesce(sum(rows), 0)::int4 AS rows
        FROM import_chunks`,
    );
    return counted ?? { events: 0, inserted: 0, rows: 0 };
  }
}

export type Workspace = Awaited<ReturnType<typeof openWorkspace>>;

/** Of what `import status` prints, what tests look at. */
export interface ImportFacts {
  id: number;
  source: string;
  state: string;
  rows: number;
  inserted: number;
  duplicates: number;
  rejected: number;
  chunks: number;
  done_bytes: number;
  size_bytes: number | null;
  sha256: string | null;
}
