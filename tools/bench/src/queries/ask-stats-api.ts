import { startService, type ServiceProcess } from '@event-analytics/stack';
import type { Cells } from './cells.js';
import { timingOf, type Answer, type HttpClient, type Timing } from './http-timing.js';
import type { Progress } from './progress.js';
import type { Question } from './questions.js';
import { startPeer } from '../start-peer.js';
import { startClient } from './separate-client.js';

export type Sets = 'native' | 'portable';

/**
 * Asked before the clock runs, so that what is measured is not Node compiling, which goes on for thousands of requests:
 * by itself, so many or so long, and then as it will be measured.
 */
const WARM_UP_ALONE = 3_000;
const WARM_UP_ALONE_MS = 6_000;
const WARM_UP = 100;

export interface StatsApi {
  service: ServiceProcess;
  client: HttpClient;
  stop(): Promise<void>;
}

/** A new process, ready. */
export async function startStatsApi(o: {
  databaseUrl: string;
  zones: readonly string[];
  sets: Sets;
}): Promise<StatsApi> {
  const service = await startService({
    app: 'stats-api',
    env: {
      LOG_LEVEL: 'warn',
      DATABASE_URL: o.databaseUrl,
      REPORTING_TIMEZONES: o.zones.join(','),
      USER_SETS: o.sets,
      STATEMENT_TIMEOUT_MS: '600000',
    },
  });
  await service.waitReady();
  const client = await startClient(service.url);
  return {
    service,
    client,
    async stop() {
      await client.close();
      await service.stop();
    },
  };
}

export async function withApi<T>(
  start: () => Promise<StatsApi>,
  work: (api: StatsApi) => Promise<T>,
): Promise<T> {
  const api = await start();
  try {
    return await work(api);
  } finally {
    await api.stop();
  }
}

async function warmUp(ask: () => Promise<unknown>): Promise<void> {
  const endsMs = performance.now() + WARM_UP_ALONE_MS;
  for (let i = 0; i < WARM_UP_ALONE && performance.now() < endsMs; i++) await ask();
}

export interface WarmTiming extends Timing {
  /** False where even one answer was computed from events. */
  fromIndex: boolean;
}

/** A stats-api, and what writes an event into its database and folds it. */
export interface Side {
  /** For the progress: of what; empty where there is only one. */
  of: string;
  api: StatsApi;
  between: () => Promise<void>;
}

/**
 * Asks each question again and again, with an event written and folded before every request; several sides by turns,
 * so that what the machine does meanwhile is the same for all.
 * @returns of each side, by question
 */
export async function timeWarm(
  sides: readonly Side[],
  o: { questions: readonly Question[]; requests: number; progress: Progress },
): Promise<Map<string, WarmTiming>[]> {
  for (const { api } of sides) {
    for (const { name, path } of o.questions)
      await warmUp(async () => checked(name, await api.client.get(path)));
  }
  const timings = sides.map(() => new Map<string, WarmTiming>());
  for (const { name, path } of o.questions) {
    const asked = sides.map((side) => ({ ...side, durations: [] as number[], fromIndex: true }));
    for (let i = 0; i < WARM_UP + o.requests; i++) {
      // Whoever was first comes last.
      for (const side of i % 2 === 0 ? asked : asked.toReversed()) {
        await side.between();
        const answer = checked(name, await side.api.client.get(path));
        side.fromIndex &&= answer.etag !== undefined;
        if (i >= WARM_UP) side.durations.push(answer.ms);
      }
    }
    for (const [i, { of, durations, fromIndex }] of asked.entries()) {
      const timing = { ...timingOf(durations), fromIndex };
      timings[i]?.set(name, timing);
      o.progress(`${name}${of}: p50 ${timing.p50Ms.toFixed(2)} ms, p99 ${timing.p99Ms.toFixed(2)} ms`);
    }
  }
  return timings;
}

/** What the machine takes by itself, between the same writes. */
export interface Floor {
  /** An answer that needs nothing, neither index nor database. */
  empty: Timing;
  /** Express that asks the database for the number one. */
  roundTrip: Timing;
}

export async function timeFloor(o: {
  databaseUrl: string;
  empty: StatsApi;
  requests: number;
  between: () => Promise<void>;
  progress: Progress;
}): Promise<Floor> {
  const time = async (name: string, client: HttpClient, path: string): Promise<Timing> => {
    const get = async (): Promise<number> => checked(name, await client.get(path)).ms;
    await warmUp(get);
    const durations: number[] = [];
    for (let i = 0; i < WARM_UP + o.requests; i++) {
      await o.between();
      const ms = await get();
      if (i >= WARM_UP) durations.push(ms);
    }
    const timing = timingOf(durations);
    o.progress(`${name}: p50 ${timing.p50Ms.toFixed(2)} ms, p99 ${timing.p99Ms.toFixed(2)} ms`);
    return timing;
  };
  const empty = await time('an empty answer', o.empty.client, '/health/live');
  const peer = await startPeer(new URL('./round-trip-service.ts', import.meta.url), [o.databaseUrl]);
  try {
    const client = await startClient(`http://127.0.0.1:${String(peer.port)}`);
    const roundTrip = await time('Express and SELECT 1', client, '/');
    await client.close();
    return { empty, roundTrip };
  } finally {
    await peer.stop();
  }
}

/** The longest that a process which was just started took for its first answer, in milliseconds. */
export interface ColdTiming {
  /** To this question, first of all. */
  aloneMs: number;
  /** To this question, after those before it in the list. */
  inTurnMs: number;
}

/** Starts a process for each question, and one for all in turn, `times` times. The start itself is not counted. */
export async function timeCold(
  start: () => Promise<StatsApi>,
  { questions, times }: { questions: readonly Question[]; times: number },
): Promise<Map<string, ColdTiming>> {
  const timings = new Map<string, ColdTiming>(
    questions.map(({ name }) => [name, { aloneMs: 0, inTurnMs: 0 }]),
  );
  const measure = async (asked: readonly Question[], key: keyof ColdTiming): Promise<void> => {
    const api = await start();
    try {
      for (const { name, path } of asked) {
        const { ms } = checked(name, await api.client.get(path));
        const timing = timings.get(name);
        if (timing !== undefined) timing[key] = Math.max(timing[key], ms);
      }
    } finally {
      await api.stop();
    }
  };
  for (let i = 0; i < times; i++) {
    for (const question of questions) await measure([question], 'aloneMs');
    await measure(questions, 'inTurnMs');
  }
  return timings;
}

export async function answerCells({ client }: StatsApi, question: Question): Promise<Cells> {
  const { text } = checked(question.name, await client.get(question.path));
  return question.fromHttp(JSON.parse(text));
}

/** Those that this build of stats-api knows, and the others. */
export async function questionsThere(
  { client }: StatsApi,
  questions: readonly Question[],
): Promise<{ there: Question[]; missing: Question[] }> {
  const there: Question[] = [];
  const missing: Question[] = [];
  for (const question of questions) {
    const { status } = await client.get(question.path);
    (status === 404 ? missing : there).push(question);
  }
  return { there, missing };
}

function checked(name: string, answer: Answer): Answer {
  if (answer.status === 200) return answer;
  throw new Error(`${name}: stats-api answered ${String(answer.status)}: ${answer.text}`);
}
