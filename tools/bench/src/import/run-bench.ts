import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { GIB } from '../disk-room.js';
import { describeStack } from '../ingest/describe-servers.js';
import { createUsageMeter } from '../ingest/process-usage.js';
import { startStack } from '../ingest/stack.js';
import type { Progress } from '../queries/progress.js';
import { writeHistory, type HistoryFile } from './csv-file.js';
import type { HistoryShape } from './csv-rows.js';
import { measureMeanwhile } from './meanwhile.js';
import type { BenchOptions, Part } from './options.js';
import { createImporter, type Importer } from './our-import.js';
import type { BenchResult } from './result.js';
import { insistOnStorage } from './server.js';
import { measureCopy, measurePeer, type Measured } from './yardsticks.js';

/** Table and key, activity log and index; twice, for it is imported into once more. */
const BYTES_A_ROW_STORED = 700;
/** Twice: \copy is given the rows without the bad ones. */
const BYTES_A_ROW_IN_FILES = 450;
const BYTES_BESIDE = 8 * GIB;

/** @throws NotCountedExactly when database or statistics differ from what the file holds */
export async function runBench(options: BenchOptions, progress: Progress): Promise<BenchResult> {
  const beganMs = performance.now();
  const { builds, importerArgs, parts, zones } = options;
  const wants = (part: Part) => parts.includes(part);
  const rowsMax = Math.max(options.rows, wants('scale') ? options.scaleRows : 0);
  const bytesNeeded = BYTES_BESIDE + rowsMax * (BYTES_A_ROW_STORED + BYTES_A_ROW_IN_FILES);
  const stack = await startStack({ bytesNeeded, builds, env: {}, progress });
  try {
    if (options.timescaledb !== undefined)
      await insistOnStorage(stack.servers.postgresUrl, options.timescaledb);
    const meter = createUsageMeter();
    if (meter === undefined) progress('no /proc: CPU and memory by process are left out');
    const measured: Measured = { stack, meter, progress };
    const importer = createImporter({ ...measured, builds, zones, args: importerArgs });
    const result: BenchResult = {
      machine: await describeStack(stack),
      options,
      fileBytes: 0,
      imports: [],
      seconds: 0,
    };
    if (wants('import') || wants('meanwhile'))
      await withFile('history', options.rows, wants('copy'), (file, goodPath) =>
        benchFile(measured, importer, result, { options, file, goodPath }),
      );
    if (wants('scale')) result.scale = await benchScale(importer);
    result.seconds = (performance.now() - beganMs) / 1_000;
    return result;
  } finally {
    await stack.stop();
  }

  /** Before and after the large one, so that noise hits both. */
  async function benchScale(importer: Importer): Promise<NonNullable<BenchResult['scale']>> {
    const { baseRows, scaleRows } = options;
    const base = [await withFile('base', baseRows, false, importer.measure)];
    const large = await withFile('large', scaleRows, false, importer.measure);
    base.push(await withFile('base', baseRows, false, importer.measure));
    return { base, large };
  }

  async function withFile<T>(
    name: string,
    rows: number,
    withGood: boolean,
    work: (file: HistoryFile, goodPath: string) => Promise<T>,
  ): Promise<T> {
    const path = join(stack.scratch, `${name}.csv`);
    const goodPath = join(stack.scratch, `${name}-good.csv`);
    const { users, types, days, endMs, order } = options;
    const shape: HistoryShape = { rows, users, types, days, endMs, order };
    try {
      const file = await writeHistory(shape, { path, goodPath: withGood ? goodPath : undefined });
      progress(
        `${rows.toLocaleString('en')} rows, ${(file.bytes / GIB).toFixed(2)} GiB, ${order === 'time' ? 'in order of time' : 'in no order'}`,
      );
      return await work(file, goodPath);
    } finally {
      await rm(path, { force: true });
      await rm(goodPath, { force: true });
    }
  }
}

/** Our import, and what it is held against, of one file. */
async function benchFile(
  measured: Measured,
  importer: Importer,
  result: BenchResult,
  { options, file, goodPath }: { options: BenchOptions; file: HistoryFile; goodPath: string },
): Promise<void> {
  const { stack, progress } = measured;
  const wants = (part: Part) => options.parts.includes(part);
  result.fileBytes = file.bytes;
  if (wants('copy') && stack.psql === undefined) progress('no psql beside the server: \\copy is left out');
  for (let turn = 0; turn < options.turns; turn++) {
    if (wants('copy') && stack.psql !== undefined)
      (result.copy ??= []).push(await measureCopy(measured, stack.psql, goodPath, file));
    if (!wants('import')) continue;
    if (turn > 0) {
      result.imports.push(await importer.measure(file));
      continue;
    }
    const { figures, again, recount } = await importer.measureAndVerify(file);
    result.imports.push(figures);
    Object.assign(result, { again, recount });
  }
  if (wants('peer')) result.peer = await measurePeer(measured, file, options.peerRows);
  if (wants('meanwhile')) {
    const { users, connections, loadSeconds: seconds } = options;
    result.meanwhile = await measureMeanwhile(measured, importer, file, { users, connections, seconds });
  }
}
