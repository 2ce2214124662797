import { createRandom, eventually, postEvents } from '@event-analytics/testkit';
import { DEFAULT_STREAM_NAMES, indexDeadLetters } from '@event-analytics/nats-client';
import { eventOf, freshEvents, type SentEvent } from '../src/event-of.js';
import { noteAcknowledged, noteSent, type Ledger } from '../src/ledger.js';
import { publishEvents, publishMessages } from '../src/publish-events.js';
import { redisCommand } from '../src/redis-command.js';
import { rowsOf } from '../src/rows-of.js';
import { runCommand } from '../src/run-command.js';
import { startWorld, type World } from '../src/world.js';
import { row, SEED, times } from './row.js';

describe('identity', () => {
  let world: World;
  const random = createRandom(SEED);

  beforeAll(async () => {
    // What Redis remembers is asked for here, however busy the machine is: past its time the gateway does without.
    world = await startWorld({ seed: SEED, envOf: { 'ingest-gateway': { REDIS_TIMEOUT_MS: '1000' } } });
  }, 60_000);
  afterEach(() => world.heal(), 60_000);
  afterAll(() => world.stop(), 60_000);

  function promise(ledger: Ledger, events: readonly SentEvent[]): void {
    noteSent(ledger, events);
    noteAcknowledged(ledger, events);
  }
  const lettersOf = async () => (await indexDeadLetters(world.nats, DEFAULT_STREAM_NAMES)) ?? [];
  const dlq = (args: readonly string[], stdin = '') =>
    runCommand('jetstream-writer/dist/dlq.js', args, {
      env: world.environmentOf('jetstream-writer'),
      stdin,
    });

  row(
    25,
    'poison straight into the stream: four dead letters with reasons, neighbours stored, replayed when mended',
    async () => {
      const ledger = world.ownLedger();
      const message = (events: readonly object[]) =>
        Buffer.from(JSON.stringify({ v: 1, received_at: new Date().toISOString(), events }));
      const mended = freshEvents(random, 4);
      const [nul, surrogate, longId, noJson] = mended;
      if (!nul || !surrogate || !longId || !noJson) throw new Error('four were made');
      const id3Kb = 'x'.repeat(3_000);
      // What each would be, were it not for one thing.
      const poison = new Map<string, SentEvent>([
        ['nul_character', { ...nul, user_id: 'a\u0000b' }],
        ['lone_surrogate', { ...surrogate, event_type: '\ud800' }],
        ['invalid_uuid', { ...longId, event_id: id3Kb }],
      ]);

      const beside: SentEvent[] = [];
      await publishEvents(world.nats, freshEvents(random, 500), ledger, { perMessage: 100 });
      for (const bad of poison.values()) {
        const [before, after] = [freshEvents(random, 3), freshEvents(random, 3)];
        beside.push(...before, ...after);
        await publishMessages(world.nats, [message([...before, bad, ...after])]);
      }
      await publishMessages(world.nats, [Buffer.from('not JSON')]);
      await publishEvents(world.nats, freshEvents(random, 500), ledger, { perMessage: 100 });
      promise(ledger, beside);

      const letters = await eventually(
        'there are four letters',
        20_000,
        lettersOf,
        ({ length }) => length === 4,
      );
      expect(letters.map(({ reason }) => reason).sort()).toEqual([...poison.keys(), 'invalid_json'].sort());
      const expectedDeadIds = new Set([nul.event_id, surrogate.event_id, id3Kb, 'not JSON']);
      expect((await world.check({ expectedDeadIds })).violations).toEqual([]);
      expect(await rowsOf(world.db, beside)).toBe(beside.length);

      const listed = await dlq(['list', '--json']);
      expect(listed).toMatchObject({ exitCode: 0 });
      const sequenceOf = (reason: string) =>
        String(letters.find((letter) => letter.reason === reason)?.sequence);
      for (const [reason, event] of [
        ['nul_character', nul],
        ['lone_surrogate', surrogate],
        ['invalid_uuid', longId],
        ['invalid_json', noJson],
      ] as const) {
        expect(listed.stdout).toContain(reason);
        // Replayed as it is, it comes back; mended, it is stored.
        const replay = await dlq(['replay', sequenceOf(reason), '--payload', '-'], JSON.stringify(event));
        expect(replay).toMatchObject({ exitCode: 0 });
      }
      promise(ledger, mended);
      expect(await lettersOf()).toEqual([]);
      expect((await world.check()).violations).toEqual([]);
      expect(await rowsOf(world.db, mended)).toBe(4);
    },
  );

  row(25, 'replayed as they were, they are dead letters again, and no more of them', async () => {
    const [bad] = freshEvents(random, 1);
    const event = { ...bad, user_id: 'a\u0000b' };
    const events = { v: 1, received_at: new Date().toISOString(), events: [event] };
    await publishMessages(world.nats, [Buffer.from(JSON.stringify(events))]);
    let sequence = 0;
    for (let i = 0; i < times(5, 2); i += 1) {
      const letters = await eventually(
        'there is a letter, a new one',
        20_000,
        lettersOf,
        ([letter]) => letter !== undefined && letter.sequence > sequence,
      );
      expect(letters).toHaveLength(1);
      sequence = letters[0]?.sequence ?? 0;
      expect(await dlq(['replay', '--all'])).toMatchObject({ exitCode: 0 });
    }
    await eventually(
      'it is back',
      20_000,
      lettersOf,
      ([letter]) => letter !== undefined && letter.sequence > sequence,
    );
    const expectedDeadIds = new Set([bad?.event_id ?? '']);
    expect((await world.check({ expectedDeadIds })).violations).toEqual([]);
    expect(await dlq(['drop', '--all', '--yes'])).toMatchObject({ exitCode: 0 });
    expect((await world.check()).violations).toEqual([]);
  });

  row(26, 'the same id twice, then with another instant: 1 row, the first', async () => {
    const ledger = world.ownLedger();
    const post = async (event: object) => {
      const { status, body } = await postEvents(world.gateway.url, [event]);
      return [status, body['accepted'], body['duplicates']];
    };
    const stored = (event: SentEvent) =>
      world.db.run(
        (sql) => sql<{ user_id: string; at: Date }[]>`
          SELECT user_id, occurred_at AS at FROM events WHERE event_id = ${event.event_id}`,
      );
    const first = [202, 1, 0];
    const duplicate = [202, 0, 1];
    for (const event of freshEvents(random, times(50, 10))) {
      const later = (ms: number) => new Date(Date.parse(event.occurred_at) + ms).toISOString();
      promise(ledger, [event]);
      expect(await post(event)).toEqual(first);
      expect(await post(event)).toEqual(duplicate);
      // The same instant, spelt otherwise; the same id with other content; another instant, of another day as well.
      expect(await post({ ...event, occurred_at: event.occurred_at.replace('Z', '+00:00') })).toEqual(
        duplicate,
      );
      expect(await post({ ...event, user_id: 'another' })).toEqual(duplicate);
      expect(await post({ ...event, occurred_at: later(1) })).toEqual(duplicate);
      expect(await post({ ...event, occurred_at: later(86_400_000) })).toEqual(duplicate);
      // In other letters.
      expect(await post({ ...event, event_id: event.event_id.toUpperCase() })).toEqual(duplicate);
    }
    // In one batch, both instants.
    const both = freshEvents(random, times(50, 10));
    promise(ledger, both);
    for (const event of both) {
      const other = { ...event, occurred_at: '2024-05-20T00:00:00Z' };
      const { status, body } = await postEvents(world.gateway.url, [event, other]);
      expect([status, body['accepted'], body['duplicates']]).toEqual([202, 1, 1]);
    }
    expect((await world.check()).violations).toEqual([]);
    for (const id of ledger.sent.keys()) {
      const event = eventOf(id);
      expect(await stored(event)).toEqual([{ user_id: event.user_id, at: new Date(event.occurred_at) }]);
    }
  });

  row(26, 'what Redis has forgotten, PostgreSQL knows: 1 row, the first', async () => {
    const ledger = world.ownLedger();
    const events = freshEvents(random, times(500, 100));
    promise(ledger, events);
    for (const user_id of [undefined, 'another', 'a third']) {
      const batch = events.map((event) => ({ ...event, ...(user_id !== undefined && { user_id }) }));
      const { status, body } = await postEvents(world.gateway.url, batch);
      expect([status, body['accepted']]).toEqual([202, events.length]);
      await world.drained();
      await redisCommand(world.servers.redis.port, 'FLUSHALL');
    }
    expect((await world.check()).violations).toEqual([]);
    const [others] = await world.db.run(
      (sql) => sql<{ n: number }[]>`
        SELECT count(*)::int4 AS n FROM events WHERE user_id IN ('another', 'a third')`,
    );
    expect(others?.n).toBe(0);
  });
});
