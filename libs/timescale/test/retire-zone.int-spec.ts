import { localDateAt } from '@event-analytics/calendar';
import { portableUserSets as userSets } from '@event-analytics/user-sets';
import { recount, startIndexer, writeEvents, type Indexer } from '../src/index.js';
import { events } from './event-makers.js';
import { openIndexedDatabase, type IndexedDatabase } from './indexed-database.js';
import { storages } from './test-database.js';

const TOKYO = 'Asia/Tokyo';
/** Of today: what is to be cleared away waits for a backfill. */
const OCCURRED_AT = new Date().toISOString();
const DAY = localDateAt(TOKYO, Date.parse(OCCURRED_AT));
const silent = { info: () => undefined, warn: () => undefined };

/** The statement that README gives for a zone that was taken out of REPORTING_TIMEZONES. */
describe.each(storages)('a zone that is not wanted any more on %s', (storage) => {
  let index: IndexedDatabase;
  let indexer: Indexer | undefined;
  let written = 0;
  beforeEach(async () => {
    written = 0;
    index = await openIndexedDatabase(storage, userSets, ['UTC', TOKYO]);
  });
  afterEach(async () => {
    await indexer?.stop();
    await index.close();
  });

  function startIndexing(zones: readonly string[]): void {
    const db = index.connect({ maxConnections: 3 });
    indexer = startIndexer({ db, userSets, zones, usersRemembered: 1_000, log: silent, clock: Date.now });
  }
  /** Of users of their own. */
  async function write(): Promise<void> {
    await writeEvents(index.db, events(written, (written += 20), { occurred_at: OCCURRED_AT }));
  }
  async function until(holds: () => Promise<boolean>): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error('never');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  const isFolded = async (): Promise<boolean> => {
    const rows = await index.db.run((sql) => sql`SELECT FROM activity_log LIMIT 1`);
    return rows.length === 0;
  };

  it('is kept and answers until it is retired, goes while events come, and can be had again', async () => {
    const statistics = index.statistics();
    const ask = async () => {
      const day = { zone: TOKYO, period: 'day', from: DAY, to: DAY } as const;
      const { value, source } = await statistics.periodActiveUsers(day);
      return { users: value[0]?.activeUsers, source };
    };
    startIndexing(['UTC']);
    await write();
    await until(isFolded);
    expect(await ask()).toEqual({ users: 20, source: 'index' });
    const [old] = await index.db.run(
      (sql) => sql<{ id: number }[]>`SELECT id FROM activity_indexes WHERE zone = ${TOKYO}`,
    );

    let retiring = true;
    const writing = (async () => {
      while (retiring) await write();
    })();
    await index.db.run((sql) => sql`UPDATE activity_indexes SET state = 'retired' WHERE zone = ${TOKYO}`);
    let users = 20;
    await until(async () => {
      const answer = await ask();
      expect(answer.source).toBe('events');
      expect(answer.users).toBeGreaterThanOrEqual(users);
      users = answer.users ?? NaN;
      const left = await index.db.run((sql) => sql`SELECT FROM activity_indexes WHERE zone = ${TOKYO}`);
      return left.length === 0;
    });
    retiring = false;
    await writing;
    await until(isFolded);
    expect(
      await index.db.run((sql) => sql`SELECT FROM activity_users WHERE index_id = ${old?.id ?? 0} LIMIT 1`),
    ).toEqual([]);
    expect(await ask()).toEqual({ users: written, source: 'events' });
    expect(await recount(index.db, userSets)).toMatchObject({ differing: 0, zones: ['UTC'] });

    await indexer?.stop();
    startIndexing(['UTC', TOKYO]);
    await write();
    await until(async () => (await ask()).source === 'index');
    await until(isFolded);
    expect(await ask()).toEqual({ users: written, source: 'index' });
    expect(await recount(index.db, userSets)).toMatchObject({ differing: 0, zones: ['UTC', TOKYO] });
  });
});
