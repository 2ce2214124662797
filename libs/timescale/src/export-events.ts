import type { Readable } from 'node:stream';
import type { Database } from './database.js';
import { openEventsExport, type EventSelection, type ExportForm } from './queries/events_export.js';

const CANCEL_TIMEOUT_MS = 5_000;

type ReadPieces<T> = (pieces: AsyncIterable<Uint8Array>) => Promise<T>;

/**
 * Streams the events of one instant, the database's when this begins: as many as the reader takes, for the server waits
 * for it. Order and form: see openEventsExport. A reader that returns or throws before the end stops the server, too;
 * that needs another connection of the pool for a moment.
 *
 * As long as it runs, expired events are not dropped, and dead rows of the database not removed.
 * @param read gets the lines in pieces, which need not end where lines do
 * @throws what `read` throws; what classifyDatabaseError knows
 */
export async function exportEvents<T>(
  db: Database,
  { form, ...selection }: EventSelection & { form: ExportForm },
  read: ReadPieces<T>,
): Promise<T> {
  let reading: Promise<{ result: T; isWhole: boolean }> | undefined;
  try {
    await db.transaction(
      async (sql) => {
        const [backend] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
        const source = await openEventsExport(sql, selection, form);
        reading = readFrom(source, read, () => cancel(db, backend?.pid));
        // What was stopped cannot be committed.
        if (!(await reading).isWhole) throw new Error('the reader has had enough');
      },
      { readOnly: true, statementTimeoutMs: 0, answerTimeoutMs: Infinity },
    );
  } catch (error) {
    // A lost connection ends the transaction at once; its reader notices, and is not left behind.
    const read = await reading?.catch(() => undefined);
    if (read === undefined || read.isWhole) throw error;
  }
  if (reading === undefined) throw new Error('nothing was read');
  return (await reading).result;
}

async function readFrom<T>(
  source: Readable,
  read: ReadPieces<T>,
  stop: () => Promise<void>,
): Promise<{ result: T; isWhole: boolean }> {
  let failure: Error | undefined;
  const closed = new Promise<void>((resolve) => source.once('close', resolve)).then(() =>
    goOnReading(source),
  );
  source.once('error', (error) => (failure = error));
  try {
    const result = await read(source.iterator({ destroyOnReturn: false }));
    // A reader that swallows the error has not read everything.
    if (failure !== undefined) throw failure;
    return { result, isWhole: source.readableEnded };
  } finally {
    if (!source.readableEnded && !source.destroyed) await stop();
    // What is still on its way is thrown away: the server ends only once it has sent it.
    source.removeAllListeners('readable');
    source.resume();
    await closed;
  }
}

/**
 * The driver stops reading its connection for a reader that is slow, and begins again when it is asked for more: which
 * nobody does behind the end, where the answers to the next statements are.
 */
function goOnReading(source: Readable): void {
  try {
    source._read(0);
  } catch {
    // The connection is gone, and what waits for it knows.
  }
}

/** Where it fails, the server sends all the rest, and nobody keeps it. */
async function cancel(db: Database, pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  await db
    .run((sql) => sql`SELECT pg_cancel_backend(${pid})`, { answerTimeoutMs: CANCEL_TIMEOUT_MS })
    .catch(() => undefined);
}
