import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';

/** Writes what is too large to be held. */
export async function writePieces(path: string, pieces: Iterable<string | Uint8Array>): Promise<void> {
  await pipeline(Readable.from(pieces, { objectMode: true }), createWriteStream(path));
}

/** @param query of DuckDB */
export async function writeParquet(path: string, query: string, o = ''): Promise<void> {
  await withDuckDb((connection) => connection.run(`COPY (${query}) TO '${path}' (FORMAT parquet${o})`));
}

/** Where the values of a column begin that are of the file's last rows. */
export async function lastPageAt(path: string, column: string): Promise<number> {
  const sql = `SELECT max(data_page_offset) FROM parquet_metadata('${path}') WHERE path_in_schema = '${column}'`;
  const result = await withDuckDb((connection) => connection.runAndReadAll(sql));
  return Number(result.getRows()[0]?.[0]);
}

async function withDuckDb<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  // Not at the top: it is an optional dependency, and most tests need none of it.
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Options with which Node notes, when it ends, how much memory it had at most: Linux tells, see peakMib. */
export function notePeak(path: string): string[] {
  const code = `
    import { readFileSync, writeFileSync } from 'node:fs';
    const note = () => writeFileSync(${JSON.stringify(path)}, readFileSync('/proc/self/status'));
    process.on('exit', note);`;
  return [`--import=data:text/javascript,${encodeURIComponent(code)}`];
}

/** All its memory, not only what the garbage collector looks after. */
export async function peakMib(path: string): Promise<number> {
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(path, 'utf8'))?.[1];
  return Number(kib) / 1_024;
}
