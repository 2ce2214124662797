import { execFileSync } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rmdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';

const MIB = 1_048_576;

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

const CAP_SYS_ADMIN = 21n;

/** Whether this process may mount: in a container also root often may not. */
export function mayMount(): boolean {
  try {
    const effective = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
    return ((BigInt(`0x${effective ?? '0'}`) >> CAP_SYS_ADMIN) & 1n) === 1n;
  } catch {
    return false;
  }
}

/** A file system of its own, in memory. */
export interface SmallDisk {
  directory: string;
  /** Takes all that is left but so much. */
  fill(o: { leaveKib: number }): Promise<void>;
  makeRoom(): Promise<void>;
  unmount(): Promise<void>;
}

/** @param owner number of the account that it belongs to */
export async function mountSmallDisk({ mib, owner }: { mib: number; owner: number }): Promise<SmallDisk> {
  const directory = await mkdtemp(join(tmpdir(), 'small-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}m,mode=711,uid=${owner}`, 'tmpfs', directory]);
  const ballast = join(directory, 'ballast');
  const freeBytes = (): number =>
    1_024 * Number(execFileSync('df', ['--output=avail', '-k', directory]).toString().split('\n')[1]);
  return {
    directory,
    fill: ({ leaveKib }) => writePieces(ballast, zeros(Math.max(0, freeBytes() - 1_024 * leaveKib))),
    makeRoom: () => writeFile(ballast, ''),
    unmount: async () => {
      // At once, also while files in it are open.
      execFileSync('umount', ['--lazy', directory]);
      await rmdir(directory);
    },
  };
}

function* zeros(count: number): Generator<Uint8Array> {
  for (let left = count; left > 0; left -= MIB) yield Buffer.alloc(Math.min(left, MIB));
}
