import { portableUserSets as userSets } from '@event-analytics/user-sets';
import { createFoldMemory, recount, sealStep } from '../src/index.js';
import { events } from './event-makers.js';
import { openIndexedDatabase, type IndexedDatabase } from './indexed-database.js';
import { storages } from './test-database.js';

const USERS = 12_000;
const DAY = '2024-03-04T10:00:00.000Z';
const NOW_MS = Date.parse('2024-06-15T12:00:00Z');

/** Rows of kilobytes: those of few users, or of users whose numbers follow each other, are always merged. */
describe.each(storages)('a day of many users on %s', (storage) => {
  let opened: IndexedDatabase;
  let written = 0;
  beforeEach(async () => {
    opened = await openIndexedDatabase(storage, userSets);
    // March is not sealed yet.
    await opened.db.run(
      (sql) =>
        sql`UPDATE activity_indexes SET sealed_before = ${(2024 - 1970) * 12 + 2}::int WHERE zone = 'UTC'`,
    );
    written = 0;
    await active((n) => n < USERS, '2024-03-01T10:00:00.000Z');
  });
  afterEach(() => opened.close());

  /** The users whose number this holds for are active then, and all of it is folded at once. */
  async function active(holds: (n: number) => boolean, occurred_at: string): Promise<void> {
    const numbers = Array.from({ length: USERS }, (_, n) => n).filter(holds);
    const made = events(written, written + numbers.length, { occurred_at });
    written += numbers.length;
    await opened.store(made.map((event, i) => ({ ...event, user_id: `user ${numbers[i]}` })));
  }

  /** Bytes of each row of the day or its month, of any type, newest first. */
  async function rowsOf(unit: 'd' | 'm'): Promise<number[]> {
    const rows = await opened.db.run(
      (sql) => sql<{ bytes: number }[]>`
        SELECT octet_length(users) AS bytes FROM activity_users
        WHERE unit = ${unit} AND type = 0 AND (unit = 'm' OR slot = ${Math.floor(Date.parse(DAY) / 86_400_000)}::int)
        ORDER BY seq DESC`,
    );
    return rows.map(({ bytes }) => bytes);
  }

  const differences = async () => (await recount(opened.db, userSets)).differences;

  async function seal(): Promise<void> {
    const memory = createFoldMemory(userSets);
    for (let sealed = false; !sealed;) {
      const step = await sealStep(opened.db, memory, NOW_MS, { typesMax: 1 });
      if (step === undefined) throw new Error('nothing to seal');
      sealed = step.sealed;
    }
  }

  it('has rows of several sizes, of which large ones are merged only into large ones', async () => {
    await active((n) => n % 2 === 0 && n < 10_000, DAY);
    await active((n) => n % 20 === 1, DAY);
    await active((n) => n % 200 === 3, DAY);
    const [few, some, most, ...more] = await rowsOf('d');
    expect(more).toEqual([]);
    expect(few).toBeLessThan(512);
    expect(some).toBeGreaterThan(512);
    expect(most).toBeGreaterThan(4_096);
    expect(await differences()).toEqual([]);

    await active((n) => n % 2 === 1, DAY);
    expect(await rowsOf('d')).toHaveLength(1);
    expect(await differences()).toEqual([]);
  });

  it('keeps all of its users when its month is sealed, and gets more in both', async () => {
    await active((n) => n % 2 === 0 && n < 10_000, DAY);
    await active((n) => n % 20 === 1, DAY);
    expect(await rowsOf('d')).toHaveLength(2);
    await seal();
    expect(await rowsOf('d')).toHaveLength(1);
    expect(await rowsOf('m')).toHaveLength(1);
    expect(await differences()).toEqual([]);

    await active((n) => n % 20 === 3, DAY);
    expect(await rowsOf('d')).toHaveLength(2);
    expect(await differences()).toEqual([]);
  });

  it('tells who has read some of its rows what the others say, though sealing made them one', async () => {
    await active((n) => n % 2 === 0 && n < 10_000, DAY);
    const statistics = opened.statistics();
    const usersOfTheDay = async () => {
      const question = { zone: 'UTC', from: '2024-03-04', to: '2024-03-04', period: 'day' as const };
      const { value, source } = await statistics.periodActiveUsers(question);
      return { users: value[0]?.activeUsers, source };
    };
    expect(await usersOfTheDay()).toEqual({ users: 5_000, source: 'index' });
    await active((n) => n % 20 === 1, DAY);
    expect(await rowsOf('d')).toHaveLength(2);
    await seal();
    expect(await usersOfTheDay()).toEqual({ users: 5_600, source: 'index' });
    expect(statistics.figures()).toMatchObject({ loads: 1 });
  });
});
