import { fileURLToPath } from 'node:url';
import { COPIED_COLUMNS } from '../database.js';
import type { UsageMeter } from '../ingest/process-usage.js';
import type { Stack } from '../ingest/stack.js';
import type { Progress } from '../queries/progress.js';
import { watchCpu, type CpuFigures } from './cpu.js';
import { badRows, type HistoryShape } from './csv-rows.js';
import type { HistoryFile } from './csv-file.js';
import { runProgram, type ProgramRun } from './run-program.js';
import { makeHistoryPartitions, withFreshDatabase } from './server.js';

const PEER = fileURLToPath(new URL('./peers/fast-csv-importer.ts', import.meta.url));

export interface YardstickFigures {
  /** Of the file, bad ones included where it has any. */
  rows: number;
  seconds: number;
  peakBytes: number | undefined;
  cpu: CpuFigures | undefined;
}

export interface Measured {
  stack: Stack;
  meter: UsageMeter | undefined;
  progress: Progress;
}

/** psql's \copy of the rows that are events, over one connection, into a table that our migrations have made. */
export async function measureCopy(
  measured: Measured,
  psql: string,
  goodPath: string,
  { rows, bad, shape }: HistoryFile,
): Promise<YardstickFigures> {
  const good = rows - bad;
  return await measureProgram(measured, 'psql', { shape, rows: good, stored: good }, (url) =>
    runProgram(
      psql,
      [
        ...['--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', url],
        ...['--command', `\\copy events (${COPIED_COLUMNS}) FROM '${goodPath}' CSV HEADER`],
      ],
      { PGTZ: 'UTC' },
    ),
  );
}

/** The importer that one writes first, given the first so many rows of the file. */
export async function measurePeer(
  measured: Measured,
  { path, shape }: HistoryFile,
  rows: number,
): Promise<YardstickFigures> {
  const loader = ['--conditions=@event-analytics/source', '--import', import.meta.resolve('tsx')];
  const stored = rows - badRows(rows);
  return await measureProgram(measured, 'fast-csv', { shape, rows, stored }, (url) =>
    runProgram(process.execPath, [...loader, PEER, path, url, String(rows)], { NODE_ENV: 'production' }),
  );
}

async function measureProgram(
  { stack, meter, progress }: Measured,
  name: string,
  o: { shape: HistoryShape; rows: number; stored: number },
  run: (databaseUrl: string) => Promise<ProgramRun>,
): Promise<YardstickFigures> {
  return await withFreshDatabase(stack, async ({ url, db, rows }) => {
    await makeHistoryPartitions(db, o.shape);
    const cpu = watchCpu(meter, db, { PostgreSQL: stack.servers.postgres?.pid ?? 0 });
    const { code, seconds, peakBytes, stdout, stderr } = await run(url);
    const cpuFigures = await cpu.end(name, o.rows);
    if (code !== 0) throw new Error(`${name} ended with ${String(code)}: ${stdout} ${stderr}`);
    const stored = await rows();
    if (stored !== o.stored) throw new Error(`${name} stored ${String(stored)} rows of ${String(o.stored)}`);
    progress(
      `${name}: ${o.rows.toLocaleString('en')} rows in ${seconds.toFixed(1)} s, ${Math.round(o.rows / seconds).toLocaleString('en')}/s`,
    );
    return { rows: o.rows, seconds, peakBytes, cpu: cpuFigures };
  });
}
