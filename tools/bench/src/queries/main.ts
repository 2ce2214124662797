/**
 * npm run bench:queries: the statistics on the index, cold and warm, against the same questions by SQL on the
 * events and by DuckDB on the same rows; what writing costs with the index; and a backfill. On private servers
 * made for the run. It fails when two answers differ in one cell, and with --check when a figure misses its bar,
 * or is not there though it was to be measured.
 */
import type { Database } from '@event-analytics/timescale';
import { conclude } from '../command-line.js';
import { connectTo, createDatabase } from '../database.js';
import { describeMachine } from '../machine.js';
import { AnswersDiffer } from './ask-peers.js';
import { benchBackfill } from './backfill.js';
import { missedBars } from './bars.js';
import { benchPhase } from './bench-phase.js';
import { createLoader } from './data.js';
import { readOptions, type BenchOptions } from './options.js';
import { progressOn, type Progress } from './progress.js';
import { reportOf } from './report.js';
import type { BenchResult, Phase } from './result.js';
import { benchScale } from './scale.js';
import { startBenchServers, type BenchServers } from './servers.js';
import { benchWrites } from './writes.js';

/** For the load, the live events and SQL; never more than one at a time but for the load. */
const CONNECTIONS = 2;
const RATES = [1_000, 100];
const SLICE_EVENTS_MAX = 1_500_000;

async function run(options: BenchOptions, progress: Progress): Promise<BenchResult> {
  const servers = await startBenchServers({
    events: eventsLoaded(options),
    progress,
  });
  try {
    const result: BenchResult = {
      machine: await describeMachine(await createDatabase(servers.forQueries.postgresUrl, 'described')),
      options,
      phases: [],
    };
    if (options.parts.includes('queries') || options.parts.includes('peers'))
      result.phases = await benchQueries(servers, options, progress);
    if (options.parts.includes('scale')) result.scale = await benchScale(servers, options, progress);
    if (options.parts.includes('writes')) {
      const scale = { ...options, sliceEventsMax: SLICE_EVENTS_MAX, rates: RATES };
      result.writes = await benchWrites(servers, scale, progress);
    }
    if (options.parts.includes('backfill')) {
      const { backfillEvents: events, users, zones } = options;
      result.backfill = await benchBackfill(servers, { events, users, zones }, progress);
    }
    return result;
  } finally {
    await servers.stop();
  }
}

/** At once on the disk. */
function eventsLoaded({ parts, scaleLoad, ...o }: BenchOptions): number {
  const queries = parts.includes('queries') || parts.includes('peers') ? o.events + o.historyEvents : 0;
  const scale = parts.includes('scale') && scaleLoad ? o.events + o.scaleEvents : 0;
  return queries + scale;
}

/** Without what lies before the range, then with it. */
async function benchQueries(
  servers: BenchServers,
  options: BenchOptions,
  progress: Progress,
): Promise<Phase[]> {
  const databaseUrl = await createDatabase(servers.forQueries.postgresUrl, 'bench');
  const db: Database = connectTo(databaseUrl, CONNECTIONS);
  const loader = createLoader(db, options, progress);
  const phase = (historyDays: number, loadMs: number): Promise<Phase> =>
    benchPhase(
      db,
      {
        ...options,
        databaseUrl,
        scratch: servers.scratch,
        historyDays,
        loadMs,
        // Once, with all there is: every process that is started takes its second.
        coldStarts: historyDays === options.historyDays ? options.coldStarts : 0,
        queries: options.parts.includes('queries'),
        peers: options.parts.includes('peers'),
      },
      progress,
    );
  try {
    const phases = [await phase(0, await loader.range())];
    if (options.historyDays > 0) phases.push(await phase(options.historyDays, await loader.history()));
    return phases;
  } finally {
    await db.end({ timeout: 5 });
  }
}

const options = readOptions(process.argv.slice(2), Date.now());
try {
  const result = await run(options, progressOn(process.stderr));
  await conclude(result, { ...options, report: reportOf(result), missed: missedBars(result) });
} catch (error) {
  if (!(error instanceof AnswersDiffer)) throw error;
  console.error(`the answers differ: ${error.message}`);
  process.exitCode = 1;
}
