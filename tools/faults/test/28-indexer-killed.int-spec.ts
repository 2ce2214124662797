import type { ServiceProcess } from '@event-analytics/stack';
import { eventually } from '@event-analytics/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventOf, type SentEvent } from '../src/event-of.js';
import { foldFate, waitForFoldFate, waitForOpenFold } from '../src/open-fold.js';
import { runCommand } from '../src/run-command.js';
import { startWorld, type World } from '../src/world.js';
import { full, row, SEED, times } from './row.js';

/**
 * Writers are killed (SIGKILL) in the middle of folds while clients send, alone and two at a time, and one
 * is stopped in the middle of a fold. In the end the index must say what the events say, and these what
 * was acknowledged; the command says so, too.
 */
const IMPORTER = 'importer/dist/main.js';
/** In full those kills count that undid a fold; in `npm test` all, some of which come as a fold is committed. */
const KILLS_ALONE = times(12, 6);
const KILLS = times(20, 10);
const UNDONE_MIN = times(20, 3);
const KILLS_MAX = 100;
const STOPS_MAX = 40;
/** Silent for 5 s, between two statements or in the middle of one; an answer that is not read is waited for 60 s. */
const FOLD_GIVEN_UP_MS = 75_000;
const DAY_MS = 86_400_000;
/** Three years in which the clocks of New York change: what a killed writer finds waiting is sorted first. */
const HISTORY_MS = Date.parse('2021-03-05T00:00:00Z');
const HISTORY_DAYS = 1_100;
const BEGAN_MS = Date.now();

/** A third is history; the rest is of now, which is folded first, and leaves out what is known. */
function makeEvent(event_id: string): SentEvent {
  const n = parseInt(event_id.slice(0, 8), 16);
  const historyMs = HISTORY_MS + Math.floor((n / 2 ** 32) * HISTORY_DAYS * DAY_MS);
  const instantMs = n % 3 === 0 ? historyMs : BEGAN_MS - (n % (DAY_MS / 2));
  return { ...eventOf(event_id), occurred_at: new Date(instantMs).toISOString() };
}

describe('the index, its writers killed in the middle of folds under load', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({
      seed: SEED,
      env: { REPORTING_TIMEZONES: 'UTC,America/New_York,Asia/Kathmandu' },
    });
  }, 60_000);
  afterAll(() => world.stop(), 60_000);

  /** @returns whether a fold was undone by it */
  async function killInFold(victim: ServiceProcess, nth: number): Promise<boolean> {
    // The first fold of a process, or a later one; its first statement, or a later one.
    await sleep((nth % 4) * 150);
    const fold = await waitForOpenFold(world.db, { timeoutMs: 20_000 });
    await sleep((nth % 5) * 5);
    await victim.kill('SIGKILL');
    const fate = await waitForFoldFate(world.db, fold, { timeoutMs: 10_000 });
    if (await historyIsSorted()) killedWhileSorted += 1;
    await victim.restart();
    return fate === 'aborted';
  }

  let killedWhileSorted = 0;
  const historyIsSorted = async () =>
    (await world.db.run((sql) => sql`SELECT FROM activity_log WHERE stretch IS NOT NULL LIMIT 1`)).length > 0;

  const foldsCommitted = async () => {
    const [state] = await world.db.run((sql) => sql<{ seq: string }[]>`SELECT seq FROM activity_state`);
    return Number(state?.seq);
  };

  /** Stops it in the middle of a fold for as long as another needs to take over. @returns false: it was not its fold */
  async function stopInFold(victim: ServiceProcess): Promise<boolean> {
    const fold = await waitForOpenFold(world.db, { timeoutMs: 20_000 });
    await victim.kill('SIGSTOP');
    try {
      await sleep(500);
      if ((await foldFate(world.db, fold)) !== 'in progress') return false;
      const before = await foldsCommitted();
      expect(await waitForFoldFate(world.db, fold, { timeoutMs: FOLD_GIVEN_UP_MS })).toBe('aborted');
      await eventually('another folds', 10_000, foldsCommitted, (seq) => seq > before + 2);
      return true;
    } finally {
      await victim.kill('SIGCONT');
    }
  }

  row(
    28,
    'indexers killed and stopped in the middle of folds, alone and two at once',
    async () => {
      const load = world.load({ connections: 3, batchEventsMax: 40, pauseMs: 30, makeEvent });

      let kills = 0;
      let undone = 0;
      const killInTurn = async (victims: readonly ServiceProcess[], count: number) => {
        while ((full ? undone : kills) < count && kills < KILLS_MAX) {
          for (const victim of victims) {
            if (await killInFold(victim, kills)) undone += 1;
            kills += 1;
          }
        }
      };
      await killInTurn([world.writer], KILLS_ALONE);
      await killInTurn([world.writer, await world.startAnother('jetstream-writer')], KILLS);
      let stops = 0;
      let taken = false;
      for (; stops < STOPS_MAX && !taken; stops += 1) taken = await stopInFold(world.writer);
      expect(taken).toBe(true);

      await load.finish();
      expect(undone).toBeGreaterThanOrEqual(UNDONE_MIN);
      expect(killedWhileSorted).toBeGreaterThan(0);
      expect((await world.check()).violations).toEqual([]);

      const env = { DATABASE_URL: world.servers.postgresUrl };
      const recounted = await runCommand(IMPORTER, ['recount'], { env });
      expect(recounted.stderr).toContain(': 0 differences');
      expect(recounted.exitCode).toBe(0);
      expect(JSON.parse(recounted.stdout)).toMatchObject({ differing: 0, not_ready: [], refused: [] });
    },
    { timeoutMs: 360_000 },
  );
});
