import { randomUUID } from 'node:crypto';
import { connectDatabase, recount, type Database } from '@event-analytics/timescale';
import { portableUserSets } from '@event-analytics/user-sets';
import { waitUntilDrained } from '../src/drained.js';
import { createEventModel, type ModelEvent } from '../src/event-model.js';
import { startLoad } from '../src/load-client.js';
import { readMetric } from '../src/metrics.js';
import { eventually, getJson, startSystem, type System } from '../src/system.js';

/**
 * Every service and every server is killed (SIGKILL) and started again while clients send. What was
 * acknowledged must be in the database once, and in the statistics once. Row counts alone would not
 * tell: the ledger holds every id that was sent and every id that was answered 202.
 */
const KILLS_EACH = 2;
const TYPES = ['view', 'click', 'buy'];
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.parse('2024-05-01T00:00:00Z');

function makeEvent(event_id: string): ModelEvent {
  const n = parseInt(event_id.slice(0, 8), 16);
  return {
    event_id,
    user_id: `user-${String(n % 200)}`,
    event_type: TYPES[n % TYPES.length] ?? 'view',
    occurred_at: new Date(FIRST_DAY_MS + (n % (10 * DAY_MS))).toISOString(),
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('killed and started again under load', () => {
  let system: System;
  let db: Database;

  beforeAll(async () => {
    // Servers of its own: it kills them.
    system = await startSystem();
    db = connectDatabase({ url: system.servers.postgresUrl, applicationName: 'ledger', maxConnections: 2 });
  });

  afterAll(async () => {
    await db.end({ timeout: 5 });
    await system.stop();
  });

  test('nothing acknowledged is lost, nothing is counted twice', async () => {
    const load = startLoad({
      gatewayUrl: () => system.gateway.url,
      connections: 4,
      batchEvents: 25,
      makeEvent,
      giveUpAfterMs: 60_000,
    });
    await pause(500);

    const { servers } = system;
    const victims = [
      system.gateway,
      system.writer,
      system.stats,
      ...[servers.postgres, servers.redis, servers.nats].filter((s) => s !== undefined),
    ];
    expect(victims).toHaveLength(6);
    for (let round = 0; round < KILLS_EACH; round += 1) {
      for (const victim of victims) {
        await victim.kill('SIGKILL');
        await pause(300);
        await victim.restart();
        await pause(400);
      }
    }
    await load.finish();
    const { sent, acknowledged, answers } = load.ledger;
    expect(acknowledged.size).toBeGreaterThan(1_000);
    // Whatever broke, clients were told to come again: never another kind of answer.
    expect([...answers.keys()].filter((a) => ![202, 503, 'no answer'].includes(a))).toEqual([]);

    await waitUntilDrained({ writerUrl: system.writer.url, db, timeoutMs: 60_000 });

    const rows = await db.run((sql) => sql<{ event_id: string }[]>`select event_id::text from events`);
    const stored = new Set(rows.map((r) => r.event_id));
    expect(rows).toHaveLength(stored.size);
    expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
    expect([...stored].filter((id) => !sent.has(id))).toEqual([]);
    expect(await readMetric(system.writer.url, 'dead_letter_stream_messages')).toBe(0);

    const model = createEventModel(
      [...sent.values()].filter((e) => stored.has(e.event_id)),
      'UTC',
      new Date().toISOString(),
    );
    const range = { from: '2024-04-30', to: '2024-05-12' };
    const answer = (path: string) =>
      eventually(
        `${path} answers`,
        15_000,
        () => getJson(system.stats.url, path, range),
        () => true,
      );
    expect(await answer('/stats/top-events')).toMatchObject({
      events: model.topEvents(range.from, range.to, 10),
    });
    expect(await answer('/stats/dau')).toMatchObject({ days: model.dau(range.from, range.to) });

    // What the index was made of was killed as often: it must tell the same story as the events.
    expect(await recount(db, portableUserSets)).toMatchObject({
      events: rows.length,
      differing: 0,
      differences: [],
      notReady: [],
    });
  }, 240_000);

  test('an id sent at once to the same gateway a hundred times is one row', async () => {
    const event = makeEvent(randomUUID());
    const answers = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const response = await fetch(`${system.gateway.url}/events`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ events: [event] }),
        });
        await response.arrayBuffer();
        return response.status;
      }),
    );
    expect(new Set(answers)).toEqual(new Set([202]));
    const rows = await eventually(
      'the row',
      10_000,
      () => db.run((sql) => sql`select 1 from events where event_id = ${event.event_id}`),
      (found) => found.length > 0,
    );
    expect(rows).toHaveLength(1);
  });
});
