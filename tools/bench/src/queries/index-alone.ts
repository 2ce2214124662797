import {
  createFoldMemory,
  encodeQuarterCounts,
  ensureIndexes,
  type Database,
  type FoldMemory,
} from '@event-analytics/timescale';
import { portableUserSets } from '@event-analytics/user-sets';
import { sealEverything } from './build-index.js';
import { rangeStartMs, type DataShape } from './data.js';
import { EVENT_TYPES, skewedPopulation, uniformPopulation, userId } from './population.js';
import type { Progress } from './progress.js';
import { seededRandom } from './random.js';

const DAY_MS = 86_400_000;
const SEED = 20_240_304;
const QUARTERS_PER_DAY = 96;
const USERS_PER_STATEMENT = 50_000;
const PROGRESS_DAYS = 14;

/**
 * Writes the index (UTC) that the events of the range would have, and no events: a hundred million of them take
 * a quarter of an hour to load and fold, and no question to the index reads them. Days are those of single rows, as
 * sealing leaves them.
 */
export async function makeIndexAlone(
  db: Database,
  shape: DataShape,
  progress: Progress,
): Promise<{ memory: FoldMemory }> {
  await ensureIndexes(db, ['UTC']);
  const ids = await indexIds(db);
  const days = createDays(shape);
  const firstDay = rangeStartMs(shape) / DAY_MS;
  for (let i = 0; i < shape.days; i++) {
    const day = days.next();
    for (const { type, users } of day.users) {
      await db.run(
        (sql) => sql`
          INSERT INTO activity_users (index_id, unit, type, slot, seq, users)
          VALUES (${ids.utc}, 'd', ${type}, ${firstDay + i}, 1, decode(${users}, 'hex'))`,
      );
    }
    for (const { type, total, quarters } of day.counts) {
      await db.run(
        (sql) => sql`
          INSERT INTO activity_counts (index_id, type, day, seq, total, quarters)
          VALUES (${ids.counts}, ${type}, ${firstDay + i}, 1, ${total}, decode(${quarters}, 'hex'))`,
      );
    }
    if ((i + 1) % PROGRESS_DAYS === 0)
      progress(`index of ${String(i + 1)} of ${String(shape.days)} days made`);
  }
  await insertNames(db, days.numbered());
  await db.run((sql) => {
    const month = new Date(rangeStartMs(shape));
    const first = (month.getUTCFullYear() - 1970) * 12 + month.getUTCMonth();
    return sql.unsafe(`UPDATE activity_indexes SET sealed_before = ${String(first)} WHERE zone <> ''`);
  });
  const memory = createFoldMemory(portableUserSets);
  await sealEverything(db, memory);
  await db.run((sql) => sql.unsafe('VACUUM (ANALYZE) activity_users, activity_counts, users, event_types'));
  return { memory };
}

/** Draws the events of one day after another. */
function createDays(shape: DataShape) {
  const population = shape.uniform ? uniformPopulation(shape.users) : skewedPopulation(shape.users);
  const random = seededRandom(SEED, 0);
  /** Users are numbered in the order in which they come; 0: not yet, else the number and one. */
  const numbers = new Int32Array(shape.users);
  const order: number[] = [];
  const perDay = Math.round(shape.events / shape.days);
  const active = createFlags(shape.users);
  const activeByType = EVENT_TYPES.map(() => createFlags(shape.users));
  const counts = EVENT_TYPES.map(() => new Uint32Array(QUARTERS_PER_DAY));
  let day = 0;

  function numberOf(user: number): number {
    const known = numbers[user] ?? 0;
    if (known > 0) return known - 1;
    numbers[user] = order.push(user);
    return order.length - 1;
  }

  return {
    /** The users in the order of their numbers. */
    numbered: () => order,
    next() {
      for (const quarters of counts) quarters.fill(0);
      for (let i = 0; i < perDay; i++) {
        const share = i / perDay;
        const number = numberOf(population.user(random, (day + share) / shape.days));
        const type = population.type(random);
        active.set(number);
        activeByType[type]?.set(number);
        const quarters = counts[type];
        const quarter = Math.floor(share * QUARTERS_PER_DAY);
        if (quarters !== undefined) quarters[quarter] = (quarters[quarter] ?? 0) + 1;
      }
      day++;
      return {
        // Type 0 is any.
        users: [active, ...activeByType].map((flags, type) => ({ type, users: hexOf(flags.takeBytes()) })),
        counts: counts.map((quarters, i) => ({
          type: i + 1,
          total: quarters.reduce((a, b) => a + b, 0),
          quarters: hexOf(encodeQuarterCounts(quarters)),
        })),
      };
    },
  };
}

/** A set that a million numbers are put into, most of them again and again. */
function createFlags(size: number) {
  const flags = new Uint8Array(size);
  return {
    set: (number: number) => void (flags[number] = 1),
    /** As the index has it; empty afterwards. */
    takeBytes(): Uint8Array {
      const numbers: number[] = [];
      flags.forEach((flag, number) => {
        if (flag === 1) numbers.push(number);
      });
      flags.fill(0);
      return portableUserSets.of(numbers).toBytes();
    },
  };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

async function indexIds(db: Database): Promise<{ utc: number; counts: number }> {
  const rows = await db.run(
    (sql) => sql<{ id: number; zone: string }[]>`SELECT id, zone FROM activity_indexes`,
  );
  const idOf = (zone: string): number => {
    const found = rows.find((row) => row.zone === zone);
    if (found === undefined) throw new Error(`no index of zone '${zone}'`);
    return found.id;
  };
  return { utc: idOf('UTC'), counts: idOf('') };
}

/** The dictionaries: types from 1, users from 0. */
async function insertNames(db: Database, users: readonly number[]): Promise<void> {
  for (const [i, type] of EVENT_TYPES.entries()) {
    await db.run((sql) => sql`INSERT INTO event_types (event_type, number) VALUES (${type}, ${i + 1})`);
  }
  for (let from = 0; from < users.length; from += USERS_PER_STATEMENT) {
    const names = users.slice(from, from + USERS_PER_STATEMENT).map(userId);
    await db.run(
      (sql) => sql`
        INSERT INTO users (user_id, number)
        SELECT user_id, ${from}::int + position - 1
        FROM unnest(${`{${names.join(',')}}`}::text[]) WITH ORDINALITY AS new (user_id, position)
        ORDER BY user_id`,
    );
  }
  await db.run(
    (sql) => sql`
      UPDATE activity_state SET seq = 1, next_user = ${users.length}, next_type = ${EVENT_TYPES.length + 1}`,
  );
}
