import type { Database } from '@event-analytics/timescale';
import { connectTo, createDatabase } from '../database.js';
import { startStatsApi, timeWarm, withApi, type Sets, type WarmTiming } from './ask-stats-api.js';
import { buildIndex } from './build-index.js';
import { createLoader, type DataShape } from './data.js';
import { makeIndexAlone } from './index-alone.js';
import { createLiveEvents } from './live-event.js';
import type { Progress } from './progress.js';
import { questionsOf, rangeOf } from './questions.js';
import type { BenchServers } from './servers.js';

const ZONES = ['UTC'];
/** For the load, and the live events. */
const CONNECTIONS = 2;

export interface ScaleResult {
  /** In the range, of one database and of the other; users and days are the same. */
  events: readonly [few: number, many: number];
  loaded: boolean;
  questions: ScaledQuestion[];
}

export interface ScaledQuestion {
  name: string;
  sets: Sets;
  few: WarmTiming;
  many: WarmTiming;
}

export interface ScaleOptions extends DataShape {
  /** In the place of `events`, in the other database. */
  scaleEvents: number;
  /** Whether the events are loaded and the index built of them; otherwise it is made alone. */
  scaleLoad: boolean;
  scaleRequests: number;
  sets: readonly Sets[];
}

/**
 * Asks everything of two databases by turns, of the same users and days, one with many times the events of the other:
 * what the machine does in that minute slows both.
 */
export async function benchScale(
  servers: BenchServers,
  o: ScaleOptions,
  progress: Progress,
): Promise<ScaleResult> {
  const shape = (events: number) => ({ ...o, events, historyDays: 0, historyEvents: 0 });
  const few = await makeData(servers, 'scale_few', shape(o.events), progress);
  const many = await makeData(servers, 'scale_many', shape(o.scaleEvents), progress);
  try {
    const questions: ScaledQuestion[] = [];
    for (const sets of o.sets) questions.push(...(await askByTurns({ few, many, sets }, o, progress)));
    return { events: [o.events, o.scaleEvents], loaded: o.scaleLoad, questions };
  } finally {
    await Promise.all([few.db.end({ timeout: 5 }), many.db.end({ timeout: 5 })]);
  }
}

interface Data {
  databaseUrl: string;
  db: Database;
  between: () => Promise<void>;
}

async function makeData(
  servers: BenchServers,
  name: string,
  shape: ScaleOptions,
  progress: Progress,
): Promise<Data> {
  const databaseUrl = await createDatabase(servers.forQueries.postgresUrl, name);
  const db = connectTo(databaseUrl, CONNECTIONS);
  const tell: Progress = (line) => progress(`${shape.events.toLocaleString('en')} events: ${line}`);
  if (shape.scaleLoad) await createLoader(db, shape, tell).range();
  const { memory } = shape.scaleLoad
    ? await buildIndex(db, { zones: ZONES, progress: tell })
    : await makeIndexAlone(db, shape, tell);
  const live = createLiveEvents(db, memory, shape);
  return { databaseUrl, db, between: () => live.next() };
}

async function askByTurns(
  { few, many, sets }: { few: Data; many: Data; sets: Sets },
  o: ScaleOptions,
  progress: Progress,
): Promise<ScaledQuestion[]> {
  progress(`stats-api, ${sets}: few events and many by turns`);
  const questions = questionsOf(rangeOf('UTC', o));
  const start = ({ databaseUrl }: Data) => startStatsApi({ databaseUrl, zones: ZONES, sets });
  return await withApi(
    () => start(few),
    async (fewApi) =>
      await withApi(
        () => start(many),
        async (manyApi) => {
          const sides = [
            { of: ', few', api: fewApi, between: few.between },
            { of: ', many', api: manyApi, between: many.between },
          ];
          const how = { questions, requests: o.scaleRequests, progress };
          const [ofFew, ofMany] = await timeWarm(sides, how);
          return questions.flatMap(({ name }) => {
            const [few, many] = [ofFew?.get(name), ofMany?.get(name)];
            return few && many ? [{ name, sets, few, many }] : [];
          });
        },
      ),
  );
}
