import type { Database } from '@event-analytics/timescale';
import { askPeers, type AskedZone } from './ask-peers.js';
import {
  answerCells,
  questionsThere,
  startStatsApi,
  timeCold,
  timeFloor,
  timeWarm,
  withApi,
  type Floor,
  type Sets,
} from './ask-stats-api.js';
import { buildIndex } from './build-index.js';
import type { Cells } from './cells.js';
import type { DataShape } from './data.js';
import { createLiveEvents } from './live-event.js';
import type { Progress } from './progress.js';
import { questionsOf, rangeOf, type Question } from './questions.js';
import type { Phase, QuestionResult } from './result.js';
import { measureSizes } from './sizes.js';

const DAY_MS = 86_400_000;

export interface PhaseOptions extends DataShape {
  databaseUrl: string;
  scratch: string;
  loadMs: number;
  /** The first is timed; of the others only the answers are compared. */
  zones: readonly string[];
  sets: readonly Sets[];
  requests: number;
  /** 0: not measured. */
  coldStarts: number;
  queries: boolean;
  peers: boolean;
}

/**
 * Builds the index of what is in the database and asks everything of it.
 * @throws AnswersDiffer
 */
export async function benchPhase(db: Database, o: PhaseOptions, progress: Progress): Promise<Phase> {
  const { build, memory } = await buildIndex(db, { zones: o.zones, progress });
  progress(`index built in ${((build.buildMs + build.sealMs) / 1_000).toFixed(1)} s`);
  const live = createLiveEvents(db, memory, o);
  const questions = questionsOf(rangeOf(o.zones[0] ?? 'UTC', o));
  const results: Record<string, QuestionResult> = Object.fromEntries(
    questions.map(({ name }) => [name, { index: {} }]),
  );

  let floor: Floor | undefined;
  for (const sets of o.queries ? o.sets : []) {
    progress(`stats-api, ${sets}`);
    const start = () => startStatsApi({ ...o, sets });
    const { there, warm } = await withApi(start, async (api) => {
      const { there, missing } = await questionsThere(api, questions);
      for (const { name } of missing) progress(`${name}: no such endpoint`);
      const { requests, databaseUrl } = o;
      const between = (): Promise<void> => live.next();
      floor ??= await timeFloor({ requests, between, progress, empty: api, databaseUrl });
      const [warm] = await timeWarm([{ of: '', api, between }], { questions: there, requests, progress });
      return { there, warm };
    });
    const cold =
      o.coldStarts === 0 ? undefined : await timeCold(start, { questions: there, times: o.coldStarts });
    for (const [name, timing] of warm ?? []) {
      const coldTiming = cold?.get(name);
      const result = results[name];
      if (result !== undefined) result.index[sets] = { ...timing, ...(coldTiming && { cold: coldTiming }) };
    }
  }

  if (o.peers) {
    // From here on nothing is written.
    const zones = await askedZones(o);
    const startMs = o.endMs - (o.days + o.historyDays) * DAY_MS;
    const { sqlMs, duckDbMs } = await askPeers(db, {
      zones,
      scratch: o.scratch,
      fromMs: startMs,
      toMs: o.endMs,
      progress,
    });
    for (const [name, result] of Object.entries(results)) {
      const [sql, duckDb] = [sqlMs.get(name), duckDbMs.get(name)];
      Object.assign(
        result,
        sql !== undefined && { sqlMs: sql },
        duckDb !== undefined && { duckDbMs: duckDb },
      );
    }
  }
  return {
    historyDays: o.historyDays,
    loadMs: o.loadMs,
    build,
    sizes: await measureSizes(db),
    liveEvents: live.written(),
    questions: results,
    ...(floor && { floor }),
  };
}

/** What stats-api says to all questions of all zones, with each sort of bitmaps. */
async function askedZones(o: PhaseOptions): Promise<AskedZone[]> {
  const zones = o.zones.map((zone, i) => ({
    zone,
    timed: i === 0,
    asked: questionsOf(rangeOf(zone, o)).map((question) => ({ question, answers: new Map<string, Cells>() })),
  }));
  for (const sets of o.sets) {
    await withApi(
      () => startStatsApi({ ...o, sets }),
      async (api) => {
        const all = zones.flatMap(({ asked }) => asked);
        const { there } = await questionsThere(
          api,
          all.map(({ question }) => question),
        );
        const known = new Set<Question>(there);
        for (const { question, answers } of all) {
          if (known.has(question)) answers.set(`stats-api (${sets})`, await answerCells(api, question));
        }
      },
    );
  }
  return zones;
}
