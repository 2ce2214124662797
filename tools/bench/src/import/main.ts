/**
 * npm run bench:import: our importer with all that it does (validation, activity log, folded statistics), against
 * psql's \copy of the same rows into the same keyed table, and against the importer that one writes first. On private
 * servers, durable as in production, each into a database of its own. It fails when database or statistics differ by
 * one from what the file holds, and with --check when a figure misses its bar.
 */
import { conclude } from '../command-line.js';
import { NotCountedExactly } from '../ingest/verify.js';
import { progressOn } from '../queries/progress.js';
import { missedBars } from './bars.js';
import { readOptions } from './options.js';
import { reportOf } from './report.js';
import { runBench } from './run-bench.js';

const options = readOptions(process.argv.slice(2), Date.now());
try {
  const result = await runBench(options, progressOn(process.stderr));
  await conclude(result, { ...options, report: reportOf(result), missed: missedBars(result) });
} catch (error) {
  if (!(error instanceof NotCountedExactly)) throw error;
  console.error(`not counted exactly: ${error.message}`);
  process.exitCode = 1;
}
