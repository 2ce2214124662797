/**
 * npm run bench: events in through the gateway's HTTP, through stream and writer, until the statistics count every
 * one of them; beside it, in the same run and on the same servers, what others do with the same events. It fails
 * when database or statistics differ by one from what was acknowledged, and with --check when a figure misses
 * its bar.
 */
import { conclude } from './command-line.js';
import { missedBars } from './ingest/bars.js';
import { readOptions } from './ingest/options.js';
import { reportOf } from './ingest/report.js';
import { runBench } from './ingest/run-bench.js';
import { NotCountedExactly } from './ingest/verify.js';
import { progressOn } from './queries/progress.js';

const options = readOptions(process.argv.slice(2));
try {
  const result = await runBench(options, progressOn(process.stderr));
  await conclude(result, { ...options, report: reportOf(result), missed: missedBars(result) });
} catch (error) {
  if (!(error instanceof NotCountedExactly)) throw error;
  console.error(`not counted exactly: ${error.message}`);
  process.exitCode = 1;
}
