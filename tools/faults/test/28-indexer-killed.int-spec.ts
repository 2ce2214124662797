import type { ServiceProcess } from '@event-analytics/stack';
import { eventually } from '@event-analytics/testkit';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventOf, type SentEvent } from '../src/event-of.js';
import { foldFate, waitForFoldFate, waitForOpenFold } from '../src/open-fold.js';
import { startWorld, type World } from '../src/world.js';
import { row, SEED, times } from './row.js';

/**
 * Writers are killed (SIGKILL) in the middle of folds while clients send, alone and two at a time, and one
 * is stopped in the middle of a fold. In the end the index must say what the events say, and these what
 * was acknowledged.
 */
const KILLS_ALONE = times(12, 6);
const KILLS_OF_TWO = times(8, 4);
/** How many of the kills must have undone an open transaction; the others came as it was committed. */
const KILLED_IN_FOLD_MIN = times(8, 3);
const STOPS_MAX = 40;
/** Silent for 5 s, between two statements or in the middle of one; an answer that is not read is waited for 60 s. */
const FOLD_GIVEN_UP_MS = 75_000;
const DAY_MS = 86_400_000;
/** Ten days in which the clocks of New York change. */
const HISTORY_MS = Date.parse('2024-03-05T00:00:00Z');
const HISTORY_DAYS = 10;
const BEGAN_MS = Date.now();

/** A third is history; the rest is of now, which is folded first, and leaves out what is known. */
function makeEvent(event_id: string): SentEvent {
  const n = parseInt(event_id.slice(0, 8), 16);
  const instantMs = n % 3 === 0 ? HISTORY_MS + (n % (HISTORY_DAYS * DAY_MS)) : BEGAN_MS - (n % (DAY_MS / 2));
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
    await victim.restart();
    return fate === 'aborted';
  }

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
      let killedInFold = 0;
      const kill = async (victim: ServiceProcess) => {
        if (await killInFold(victim, kills)) killedInFold += 1;
        kills += 1;
      };
      for (let i = 0; i < KILLS_ALONE; i += 1) await kill(world.writer);

      const two = [world.writer, await world.startAnother('jetstream-writer')];
      for (let i = 0; i < KILLS_OF_TWO / 2; i += 1) for (const victim of two) await kill(victim);
      let stops = 0;
      let taken = false;
      for (; stops < STOPS_MAX && !taken; stops += 1) taken = await stopInFold(world.writer);
      expect(taken).toBe(true);

      await load.finish();
      expect(kills).toBe(KILLS_ALONE + KILLS_OF_TWO);
      expect(killedInFold).toBeGreaterThanOrEqual(KILLED_IN_FOLD_MIN);
      expect((await world.check()).violations).toEqual([]);
    },
    { timeoutMs: 360_000 },
  );
});
