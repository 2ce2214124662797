import {
  classifyDatabaseError,
  connectDatabase,
  migrate,
  writeEvents,
  type Database,
  type WritableEvent,
} from '@event-analytics/timescale';
import { createTestDatabase } from '@event-analytics/testkit';
import { createFaults } from '../src/faults.js';
import { planOf } from '../src/plan.js';
import { createRandom } from '../src/random.js';
import { createDatabase } from '../src/servers/database/database.js';
import { createDatabaseServer } from '../src/servers/database/server.js';
import { createNetwork } from '../src/servers/network.js';
import { installVirtualTime } from '../src/time/install.js';
import { createVirtualTime } from '../src/time/virtual-time.js';
import type { World } from '../src/world.js';

export const POISON_USER = 'poison';

export type Step =
  { write: WritableEvent[] } | { dropPartition: `${number}-${number}-01` } | { retainFrom: string };

/** What came of the steps: an answer for each, and what there is in the end. */
export interface Answers {
  writes: unknown[];
  rows: string[];
  log: string[];
}

/** `YYYY-MM-DDTHH:mm:ss.sssZ` and the like: one spelling for both sides. */
const rowText = (row: object): string =>
  JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
const logText = (historical: boolean, entries: readonly (readonly [number, string, string])[]): string =>
  `${historical} ${entries
    .map((entry) => entry.join(' '))
    .sort()
    .join(', ')}`;

async function writeEach(
  db: Database,
  steps: readonly Step[],
  otherwise: (step: Exclude<Step, { write: unknown }>) => Promise<void> | void,
): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const step of steps) {
    if (!('write' in step)) await otherwise(step);
    else
      answers.push(await writeEvents(db, step.write).catch((error: unknown) => classifyDatabaseError(error)));
  }
  return answers;
}

/** A PostgreSQL of monthly partitions that refuses the poison user's events by a trigger. */
export async function askPostgres(steps: readonly Step[]): Promise<Answers> {
  const created = await createTestDatabase({ timescaledb: false });
  const db = connectDatabase({ url: created.url, applicationName: 'simulation tests', maxConnections: 2 });
  try {
    await migrate(db);
    await db.run((sql) =>
      sql.unsafe(`
        CREATE FUNCTION refuse_poison() RETURNS trigger LANGUAGE plpgsql AS
          'BEGIN RAISE EXCEPTION ''poison'' USING ERRCODE = ''22P05''; END';
        CREATE TRIGGER refuse_poison BEFORE INSERT ON events FOR EACH ROW
          WHEN (NEW.user_id = '${POISON_USER}') EXECUTE FUNCTION refuse_poison()`),
    );
    const writes = await writeEach(db, steps, async (step) => {
      const text =
        'retainFrom' in step
          ? `UPDATE event_storage SET retained_from = '${step.retainFrom}'`
          : `DROP TABLE IF EXISTS events_${step.dropPartition.slice(0, 7).replace('-', '_')}`;
      await db.run((sql) => sql.unsafe(text));
    });
    const rows = await db.run((sql) =>
      sql.unsafe(`SELECT event_id, occurred_at, received_at, user_id, event_type, properties FROM events`),
    );
    const log = await db.run((sql) =>
      sql.unsafe(`
        SELECT historical, array_to_json(array_agg(json_build_array(bucket, type, "user"))) AS entries
        FROM (
          SELECT id, historical, split_part(line, E'\\t', 1)::int AS bucket, split_part(line, E'\\t', 2) AS type,
            unnest((string_to_array(line, E'\\t'))[3:]) AS "user"
          FROM activity_log, string_to_table(activity, E'\\n') AS line
          UNION ALL
          SELECT id, historical, bucket, type, "user"
          FROM activity_log, unnest(buckets, event_types, user_ids, counts) AS entry (bucket, type, "user", times),
            generate_series(1, times)
        ) AS entries GROUP BY id, historical`),
    );
    return {
      writes,
      rows: rows.map((row) => rowText(row)).sort(),
      log: log
        .map(({ historical, entries }) =>
          logText(historical as boolean, entries as [number, string, string][]),
        )
        .sort(),
    };
  } finally {
    await db.end({ timeout: 1 });
    await created.drop();
  }
}

/** The simulated one, in a world in which nothing goes wrong. */
export async function askSimulated(steps: readonly Step[]): Promise<Answers> {
  const random = createRandom(1);
  const time = createVirtualTime(Date.now());
  const world: World = {
    plan: planOf(1, random),
    time,
    process: time.current(),
    random,
    faults: createFaults(new Set(), random),
    trace: () => undefined,
    violated: (what) => {
      throw new Error(what);
    },
  };
  const network = createNetwork(world);
  const server = createDatabaseServer(world, {
    network,
    poison: ({ user_id }) => (user_id === POISON_USER ? '22P05' : undefined),
    counts: 'inserted',
    foldsInTwo: false,
  });
  const uninstall = installVirtualTime(time, random);
  try {
    const client = time.startProcess('client');
    const db = createDatabase(world, { network, server, client });
    let writes: unknown[] | undefined;
    time.after(0, client, () => {
      void writeEach(db, steps, (step) => {
        if ('retainFrom' in step) server.table.retainFrom(Date.parse(step.retainFrom));
        else server.table.dropPartition(step.dropPartition);
      }).then((answers) => (writes = answers));
    });
    const ended = await time.drive(() => writes !== undefined, Infinity);
    if (ended !== 'until') throw new Error('the simulated database did not answer');
    return {
      writes: writes ?? [],
      rows: [...server.table.rows.values()]
        .map(({ properties_json, occurred_at, received_at, ...row }) =>
          rowText({
            ...row,
            occurred_at: new Date(occurred_at),
            received_at: new Date(received_at),
            properties: JSON.parse(properties_json) as unknown,
          }),
        )
        .sort(),
      log: server.table.log.map(({ historical, entries }) => logText(historical, entries)).sort(),
    };
  } finally {
    uninstall();
  }
}
