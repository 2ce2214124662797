import type { ServiceProcess } from '@event-analytics/stack';
import { connectDatabase, recount, type Database } from '@event-analytics/timescale';
import { portableUserSets } from '@event-analytics/user-sets';
import { waitUntilDrained } from '../src/drained.js';
import { addDays, createEventModel, type ModelEvent } from '../src/event-model.js';
import { startLoad } from '../src/load-client.js';
import { readMetric } from '../src/metrics.js';
import { foldFate, waitForFoldFate, waitForOpenFold } from '../src/open-fold.js';
import { eventually, getJson, startSystem, type System } from '../src/system.js';

/**
 * Writers are killed (SIGKILL) in the middle of folds while clients send, alone and two at a time, and one
 * is stopped in the middle of a fold. In the end the index must say what the events say, and these what
 * was acknowledged.
 */
const ZONES = ['UTC', 'America/New_York', 'Asia/Kathmandu'];
const KILLS_ALONE = 12;
const KILLS_OF_TWO = 8;
/** How many of the kills must have undone an open transaction; the others came as it was committed. */
const KILLED_IN_FOLD_MIN = 8;
const STOPS_MAX = 40;
const TYPES = ['view', 'click', 'buy'];
const DAY_MS = 86_400_000;
/** Ten days in which the clocks of New York change. */
const HISTORY_MS = Date.parse('2024-03-05T00:00:00Z');
const HISTORY_DAYS = 10;
const BEGAN_MS = Date.now();

/** A third is history; the rest is of now, which is folded first, and leaves out what is known. */
function makeEvent(event_id: string): ModelEvent {
  const n = parseInt(event_id.slice(0, 8), 16);
  const instantMs = n % 3 === 0 ? HISTORY_MS + (n % (HISTORY_DAYS * DAY_MS)) : BEGAN_MS - (n % (DAY_MS / 2));
  return {
    event_id,
    user_id: `user-${String(n % 5_003)}`,
    event_type: TYPES[(n >>> 8) % TYPES.length] ?? 'view',
    occurred_at: new Date(instantMs).toISOString(),
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the index, its writers killed in the middle of folds under load', () => {
  let system: System;
  let db: Database;

  beforeAll(async () => {
    system = await startSystem({
      env: {
        REPORTING_TIMEZONES: ZONES.join(','),
        // What a killed writer held comes again soon.
        WRITER_ACK_WAIT_MS: '2000',
      },
    });
    db = connectDatabase({ url: system.servers.postgresUrl, applicationName: 'ledger', maxConnections: 2 });
  });

  afterAll(async () => {
    await db.end({ timeout: 5 });
    await system.stop();
  });

  /** @returns whether a fold was undone by it */
  async function killInFold(victim: ServiceProcess, nth: number): Promise<boolean> {
    // The first fold of a process, or a later one; its first statement, or a later one.
    await pause((nth % 4) * 150);
    const fold = await waitForOpenFold(db, { timeoutMs: 20_000 });
    await pause((nth % 5) * 5);
    await victim.kill('SIGKILL');
    const fate = await waitForFoldFate(db, fold, { timeoutMs: 10_000 });
    await victim.restart();
    return fate === 'aborted';
  }

  const foldsCommitted = async () => {
    const [state] = await db.run((sql) => sql<{ seq: string }[]>`SELECT seq FROM activity_state`);
    return Number(state?.seq);
  };

  /** Stops it in the middle of a fold for as long as another needs to take over. @returns false: it was not its fold */
  async function stopInFold(victim: ServiceProcess): Promise<boolean> {
    const fold = await waitForOpenFold(db, { timeoutMs: 20_000 });
    await victim.kill('SIGSTOP');
    try {
      await pause(500);
      if ((await foldFate(db, fold)) !== 'in progress') return false;
      const before = await foldsCommitted();
      expect(await waitForFoldFate(db, fold, { timeoutMs: 30_000 })).toBe('aborted');
      await eventually('another folds', 10_000, foldsCommitted, (seq) => seq > before + 2);
      return true;
    } finally {
      await victim.kill('SIGCONT');
    }
  }

  test('says what the events say, and these what was acknowledged', async () => {
    const load = startLoad({
      gatewayUrl: () => system.gateway.url,
      connections: 3,
      batchEvents: 20,
      pauseMs: 30,
      makeEvent,
      giveUpAfterMs: 60_000,
    });

    let kills = 0;
    let killedInFold = 0;
    const kill = async (victim: ServiceProcess) => {
      if (await killInFold(victim, kills)) killedInFold += 1;
      kills += 1;
    };
    for (let i = 0; i < KILLS_ALONE; i += 1) await kill(system.writer);

    const two = [system.writer, await system.startAnother('jetstream-writer')];
    for (let i = 0; i < KILLS_OF_TWO / 2; i += 1) for (const victim of two) await kill(victim);
    let stops = 0;
    let taken = false;
    for (; stops < STOPS_MAX && !taken; stops += 1) taken = await stopInFold(system.writer);
    expect(taken).toBe(true);

    await load.finish();
    const { sent, acknowledged } = load.ledger;
    process.stdout.write(
      `${String(kills)} kills, ${String(killedInFold)} of them undid a fold; ${String(stops)} stops until one was in a fold; ${String(acknowledged.size)} events acknowledged\n`,
    );
    expect(kills).toBe(20);
    expect(killedInFold).toBeGreaterThanOrEqual(KILLED_IN_FOLD_MIN);
    await waitUntilDrained({ writerUrl: system.writer.url, db, timeoutMs: 60_000 });

    const rows = await db.run((sql) => sql<{ event_id: string }[]>`SELECT event_id::text FROM events`);
    const stored = new Set(rows.map((r) => r.event_id));
    expect(rows).toHaveLength(stored.size);
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
    expect([...stored].filter((id) => !sent.has(id))).toEqual([]);
    expect(await readMetric(system.writer.url, 'dead_letter_stream_messages')).toBe(0);

    const counted = await recount(db, portableUserSets);
    expect(counted).toMatchObject({ events: rows.length, differing: 0, differences: [], notReady: [] });
    expect([...counted.zones].sort()).toEqual([...ZONES].sort());
    expect(await db.run((sql) => sql`SELECT FROM activity_log`)).toHaveLength(0);

    const events = [...sent.values()].filter((e) => stored.has(e.event_id));
    const as_of = new Date().toISOString();
    const today = as_of.slice(0, 10);
    const history = new Date(HISTORY_MS).toISOString().slice(0, 10);
    for (const timezone of ZONES) {
      const model = createEventModel(events, timezone, as_of);
      for (const { from, to } of [
        { from: addDays(history, -1), to: addDays(history, HISTORY_DAYS) },
        { from: addDays(today, -3), to: addDays(today, 1) },
      ]) {
        const query = { from, to, timezone, as_of };
        const dau = await getJson(system.stats.url, '/stats/dau', query);
        expect(dau).toMatchObject({ days: model.dau(from, to) });
        const top = await getJson(system.stats.url, '/stats/top-events', query);
        expect(top).toMatchObject({ events: model.topEvents(from, to, 10) });
      }
    }
  }, 240_000);
});
