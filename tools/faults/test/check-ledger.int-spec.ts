import { createRandom } from '@event-analytics/testkit';
import { eventOf } from '../src/event-of.js';
import type { Ledger } from '../src/ledger.js';
import { startWorld, type World } from '../src/world.js';

/** A check that nothing can fail would prove nothing: each way of breaking the promise is made here by hand. */
describe('the ledger check', () => {
  let world: World;
  let ids: string[];

  beforeAll(async () => {
    world = await startWorld({ seed: 1 });
    const load = world.load({ connections: 2 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const ledger: Ledger = await load.finish();
    ids = [...ledger.acknowledged];
  }, 60_000);
  afterAll(() => world.stop(), 60_000);

  const sql = (text: string) => world.db.run((run) => run.unsafe(text));

  /** What the check says while it is broken; then it is mended. */
  async function saidOf(broken: () => Promise<unknown>, mend: () => Promise<unknown>): Promise<string[]> {
    expect((await world.check()).violations).toEqual([]);
    await broken();
    const { violations } = await world.check();
    await mend();
    return violations;
  }

  const keep = `CREATE TABLE kept AS SELECT * FROM events WHERE event_id = `;
  const put = 'INSERT INTO events SELECT * FROM kept; DROP TABLE kept';

  test('holds, and says of how much', async () => {
    const check = await world.check();
    expect(check).toMatchObject({
      acknowledged: ids.length,
      rows: ids.length,
      lost: 0,
      doubled: 0,
      differing: 0,
    });
    expect(ids.length).toBeGreaterThan(100);
    expect(check.compared).toBeGreaterThan(10);
  });

  test('sees what was acknowledged and is not there, and that statistics still count it', async () => {
    const id = ids[0] ?? '';
    const said = await saidOf(
      () => sql(`${keep} '${id}'; DELETE FROM events WHERE event_id = '${id}'`),
      () => sql(put),
    );
    expect(said).toEqual([
      `1 acknowledged events are lost: ${id}`,
      expect.stringContaining('statistics differ from events'),
    ]);
  });

  test('sees what is there twice, with another instant', async () => {
    const id = ids[1] ?? '';
    const said = await saidOf(
      () =>
        sql(
          `${keep} '${id}'; INSERT INTO events (event_id, occurred_at, user_id, event_type, properties)
           SELECT event_id, occurred_at + interval '1 ms', user_id, event_type, properties FROM kept`,
        ),
      () =>
        sql(`DELETE FROM events WHERE event_id = '${id}' AND occurred_at <> (SELECT occurred_at FROM kept);
             DROP TABLE kept`),
    );
    expect(said).toEqual([
      `1 events are there more than once: ${id}`,
      `1 rows have another instant than was sent: ${id}`,
      expect.stringContaining('statistics differ from events'),
    ]);
  });

  test('sees what nobody sent', async () => {
    const { event_id } = eventOf(createRandom(99).uuid());
    const said = await saidOf(
      () =>
        sql(
          `INSERT INTO events (event_id, occurred_at, user_id, event_type, properties)
           VALUES ('${event_id}', '2024-05-02T00:00:00Z', 'u', 't', '{}')`,
        ),
      () => sql(`DELETE FROM events WHERE event_id = '${event_id}'`),
    );
    expect(said[0]).toBe(`1 rows were never sent: ${event_id}`);
  });

  test('sees a dead letter that was not expected, and misses one that was', async () => {
    const id = ids[2] ?? '';
    const { violations } = await world.check({ expectedDeadIds: new Set([id]) });
    expect(violations).toEqual([
      `1 events that can never be stored are rows: ${id}`,
      '0 dead letters, expected 1',
    ]);
  });
});
