import { join } from 'node:path';
import type { Database } from '@event-analytics/timescale';
import { median } from '../numbers.js';
import { firstDifference, type Cells } from './cells.js';
import { loadDuckDb } from './duckdb.js';
import { timed, type Progress } from './progress.js';
import type { Question } from './questions.js';

const DUCKDB_RUNS = 3;

export interface PeerTimings {
  duckDbLoadMs: number;
  /** By question. */
  sqlMs: Map<string, number>;
  duckDbMs: Map<string, number>;
}

/** Questions of one zone, and what stats-api answers to them now. */
export interface AskedZone {
  zone: string;
  /** Whether it is asked for the time it takes, or only for the answer. */
  timed: boolean;
  asked: readonly { question: Question; answers: ReadonlyMap<string, Cells> }[];
}

export class AnswersDiffer extends Error {}

/**
 * Asks the same of SQL and of DuckDB, on the same rows. Nothing may be written meanwhile.
 * @throws AnswersDiffer at the first cell in which two answers differ
 */
export async function askPeers(
  db: Database,
  o: { zones: readonly AskedZone[]; scratch: string; fromMs: number; toMs: number; progress: Progress },
): Promise<PeerTimings> {
  const file = join(o.scratch, `events-${String(Math.round(performance.now()))}.duckdb`);
  const duckDb = await loadDuckDb(db, { file, fromMs: o.fromMs, toMs: o.toMs });
  o.progress(`DuckDB has the rows after ${(duckDb.loadMs / 1_000).toFixed(1)} s`);
  const timings: PeerTimings = { duckDbLoadMs: duckDb.loadMs, sqlMs: new Map(), duckDbMs: new Map() };
  try {
    for (const { zone, timed: isTimed, asked } of o.zones) {
      await duckDb.useZone(zone);
      for (const { question, answers } of asked) {
        const durations: number[] = [];
        let byDuckDb: Cells = new Map();
        for (let i = 0; i < (isTimed ? DUCKDB_RUNS : 1); i++) {
          const run = await timed(() => duckDb.ask(question.duckDb));
          byDuckDb = run.value;
          durations.push(run.ms);
        }
        const bySql = await timed(() => question.bySql(db));
        if (isTimed) {
          timings.duckDbMs.set(question.name, median(durations));
          timings.sqlMs.set(question.name, bySql.ms);
        }
        const others = [...answers, ['DuckDB', byDuckDb] as const];
        for (const [name, cells] of others) {
          const sql = { name: 'SQL', cells: bySql.value };
          const difference = firstDifference(`${question.name} (${zone})`, sql, { name, cells });
          if (difference !== undefined) throw new AnswersDiffer(difference);
        }
        o.progress(
          `${question.name} (${zone}): ${String(bySql.value.size)} cells agree; SQL ${bySql.ms.toFixed(0)} ms, DuckDB ${median(durations).toFixed(0)} ms`,
        );
      }
    }
  } finally {
    duckDb.close();
  }
  return timings;
}
