import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UsageMeter } from '../ingest/process-usage.js';
import type { Stack } from '../ingest/stack.js';
import { NotCountedExactly } from '../ingest/verify.js';
import { checkCounts, indexesReady, logDrained } from '../queries/indexer-service.js';
import { timed, type Progress } from '../queries/progress.js';
import { watchCpu, type CpuFigures } from './cpu.js';
import type { HistoryFile } from './csv-file.js';
import { runProgram, startProgram, type Program, type ProgramRun } from './run-program.js';
import { withFreshDatabase, type FreshDatabase } from './server.js';

/** All rows are in, or all but those that were rejected. */
const CODES_OF_SUCCESS = [0, 3];
/** Interrupted as it was told to. */
const CODE_TERMINATED = 143;

export interface OurFigures {
  rows: number;
  inserted: number;
  rejected: number;
  /** From the start of the process until it had ended. */
  storedSeconds: number;
  /** From the same instant until the log was folded to its end: the statistics answer for every row. */
  foldedSeconds: number;
  /** undefined without /proc, as below. */
  peakBytes: number | undefined;
  cpu: CpuFigures | undefined;
}

export interface AgainFigures {
  seconds: number;
  /** That the file brought once more: 0, or the run has failed. */
  added: number;
}

export interface RecountFigures {
  seconds: number;
  compared: number;
  differing: number;
}

export interface ImporterOptions {
  stack: Stack;
  meter: UsageMeter | undefined;
  /** Another checkout with builds. */
  builds: string | undefined;
  /** Further arguments of `import`. */
  args: readonly string[];
  zones: readonly string[];
  progress: Progress;
}

export interface Importer {
  /** Into a database of its own, while an indexer folds. @throws NotCountedExactly */
  measure: (file: HistoryFile) => Promise<OurFigures>;
  /** The same; then the statistics are counted anew, and the file is imported once more. */
  measureAndVerify(
    file: HistoryFile,
  ): Promise<{ figures: OurFigures; again: AgainFigures; recount: RecountFigures }>;
  /** Begins an import that somebody else ends. */
  start(file: HistoryFile, databaseUrl: string): Program;
}

export function createImporter(o: ImporterOptions): Importer {
  const { stack, meter, progress } = o;
  const mainJs = fileURLToPath(
    o.builds === undefined
      ? new URL('../../../../apps/importer/dist/main.js', import.meta.url)
      : `file://${resolve(o.builds, 'apps/importer/dist/main.js')}`,
  );
  const rejectFile = join(stack.scratch, 'rejects.csv');
  const argsFor = (file: HistoryFile): string[] => [
    ...['--enable-source-maps', mainJs, 'import', file.path, '--json', '--quiet'],
    ...['--reject-file', rejectFile, ...o.args],
  ];

  return {
    measure: (file) => withIndexer((fresh, indexerPid) => measure(file, fresh, indexerPid)),
    measureAndVerify: (file) =>
      withIndexer(async (fresh, indexerPid) => {
        const figures = await measure(file, fresh, indexerPid);
        const recount = await countAnew(fresh);
        const again = await importAgain(file, fresh);
        return { figures, again, recount };
      }),
    start: (file, databaseUrl) =>
      startProgram(process.execPath, argsFor(file), { DATABASE_URL: databaseUrl }),
  };

  /** The built jetstream-writer: its stream stays empty, so all that it does is to fold. */
  function withIndexer<T>(work: (fresh: FreshDatabase, indexerPid: number) => Promise<T>): Promise<T> {
    return withFreshDatabase(stack, async (fresh) => {
      const writer = await stack.startApp('jetstream-writer', {
        DATABASE_URL: fresh.url,
        REPORTING_TIMEZONES: o.zones.join(','),
      });
      try {
        await indexesReady(fresh.db, o.zones);
        return await work(fresh, writer.pid);
      } finally {
        await writer.stop();
      }
    });
  }

  async function measure(file: HistoryFile, fresh: FreshDatabase, indexerPid: number): Promise<OurFigures> {
    const { postgres, redis, nats } = stack.servers;
    const cpu = watchCpu(meter, fresh.db, {
      PostgreSQL: postgres?.pid ?? 0,
      indexer: indexerPid,
      Redis: redis?.pid ?? 0,
      NATS: nats?.pid ?? 0,
    });
    const { value: run, ms: storedMs } = await timed(() =>
      runProgram(process.execPath, argsFor(file), { DATABASE_URL: fresh.url }),
    );
    const foldedMs = storedMs + (await logDrained(fresh.db));
    const cpuFigures = await cpu.end('importer', file.rows);
    await verify(file, run, fresh);
    progress(
      `our import: ${file.rows.toLocaleString('en')} rows stored after ${(storedMs / 1_000).toFixed(1)} s, folded after ${(foldedMs / 1_000).toFixed(1)} s`,
    );
    const { rows, inserted, rejected } = summaryOf(run);
    return {
      ...{ rows, inserted, rejected },
      storedSeconds: storedMs / 1_000,
      foldedSeconds: foldedMs / 1_000,
      peakBytes: run.peakBytes,
      cpu: cpuFigures,
    };
  }

  /** What the summary says, the rows, and the counts of the index. @throws NotCountedExactly */
  async function verify({ rows, bad }: HistoryFile, run: ProgramRun, fresh: FreshDatabase): Promise<void> {
    const summary = summaryOf(run);
    const stored = await fresh.rows();
    const is = { rows: summary.rows, inserted: summary.inserted, rejected: summary.rejected, stored };
    const wanted = { rows, inserted: rows - bad, rejected: bad, stored: rows - bad };
    if (JSON.stringify(is) !== JSON.stringify(wanted))
      throw new NotCountedExactly(
        `the import says and stored ${JSON.stringify(is)}, the file has ${JSON.stringify(wanted)}`,
      );
    await checkCounts(fresh.db).catch((error: unknown) => {
      throw new NotCountedExactly(error instanceof Error ? error.message : String(error));
    });
  }

  async function importAgain(file: HistoryFile, fresh: FreshDatabase): Promise<AgainFigures> {
    await rm(rejectFile, { force: true });
    const before = await fresh.rows();
    const run = await runProgram(process.execPath, argsFor(file), { DATABASE_URL: fresh.url });
    summaryOf(run);
    const added = (await fresh.rows()) - before;
    if (added !== 0) throw new NotCountedExactly(`the same file again added ${String(added)} rows`);
    progress(`the same file again: nothing added, ${run.seconds.toFixed(1)} s`);
    return { seconds: run.seconds, added };
  }

  async function countAnew(fresh: FreshDatabase): Promise<RecountFigures> {
    const run = await runProgram(
      process.execPath,
      ['--enable-source-maps', mainJs, 'recount', '--json', '--quiet'],
      { DATABASE_URL: fresh.url },
    );
    const { compared, differing } = lastLine(run) as { compared?: number; differing?: number };
    if (run.code !== 0 || differing !== 0 || compared === undefined)
      throw new NotCountedExactly(`recount ended with ${String(run.code)}: ${run.stdout} ${run.stderr}`);
    progress(`recount: ${compared.toLocaleString('en')} numbers, 0 differences, ${run.seconds.toFixed(1)} s`);
    return { seconds: run.seconds, compared, differing };
  }
}

export interface Summary {
  rows: number;
  inserted: number;
  rejected: number;
}

/** @throws Error where the import did not end as it should */
export function summaryOf(run: ProgramRun, interrupted = false): Summary {
  const expected = interrupted ? [...CODES_OF_SUCCESS, CODE_TERMINATED] : CODES_OF_SUCCESS;
  if (run.code === null || !expected.includes(run.code))
    throw new Error(`the import ended with ${String(run.code)}: ${run.stdout} ${run.stderr}`);
  return lastLine(run) as Summary;
}

function lastLine({ stdout, stderr }: ProgramRun): unknown {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  try {
    return JSON.parse(line);
  } catch {
    throw new Error(`no JSON on standard output: ${line} ${stderr}`);
  }
}
