import { quarterHourDays, isIndexable, isTimeZone, type QuarterHourDays } from '@event-analytics/calendar';
import type { Database, Sql } from '../database.js';
import { retainedBucket } from '../queries/retained_from_read.js';
import { afterFold } from './fold-state.js';
import { EVERYTHING, NOTHING } from './index-key.js';

/** The zone of the index that counts events: they are of no zone. */
export const COUNTS = '';

/** What can be asked for: from the earliest instant that is taken by default, as far as calendars are foreseeable. */
const FORESEEN = { fromMs: Date.UTC(1990, 0, 1), toMs: Date.UTC(2100, 0, 1) };

export interface ActivityIndex {
  id: number;
  /** An IANA name, or COUNTS. */
  zone: string;
  state: 'building' | 'ready' | 'refused' | 'retired';
  generation: number;
  builtBefore: number;
  sealedBefore: number;
  sealedTypes: number;
  completeFrom: number;
}

/** The indexes that the fold keeps: those that are ready or being built. */
export async function liveIndexes(sql: Sql): Promise<ActivityIndex[]> {
  return await sql<ActivityIndex[]>`
    SELECT id, zone, state, generation, built_before AS "builtBefore", sealed_before AS "sealedBefore",
      sealed_types AS "sealedTypes", complete_from AS "completeFrom"
    FROM activity_indexes
    WHERE state IN ('building', 'ready')
    ORDER BY id`;
}

const daysOf = new Map<string, QuarterHourDays>();

/** The days of a zone, with what was found out of them; zones are as many as the configuration names. */
export function daysOfZone(zone: string): QuarterHourDays {
  let days = daysOf.get(zone);
  if (days === undefined) daysOf.set(zone, (days = quarterHourDays(zone)));
  return days;
}

export interface EnsuredIndexes {
  /** Zones that have an index now, ready or being built. */
  indexed: string[];
  /** Zones that cannot have one (see isIndexable); they are answered from events. */
  notIndexable: string[];
}

/**
 * Makes the indexes of the counts and of these zones that are not there yet: ready at once where there are
 * no events, else to be built step by step (buildStep). Safe to run from any number of processes at once.
 * @throws RangeError for a zone that Intl does not know
 */
export async function ensureIndexes(db: Database, zones: readonly string[]): Promise<EnsuredIndexes> {
  for (const zone of zones) if (!isTimeZone(zone)) throw new RangeError(`no time zone: ${zone}`);
  const possible = zones.filter((zone) => isIndexable(zone, FORESEEN.fromMs, FORESEEN.toMs));
  // "No events" below must not be about to change.
  return await afterFold(db, async (sql) => {
    const existing = await sql<{ zone: string; state: ActivityIndex['state'] }[]>`
      SELECT zone, state FROM activity_indexes WHERE state <> 'retired'`;
    const known = new Map(existing.map(({ zone, state }) => [zone, state]));
    for (const zone of [COUNTS, ...possible]) {
      if (!known.has(zone)) known.set(zone, await insertIndex(sql, zone));
    }
    const indexed = possible.filter((zone) => known.get(zone) !== 'refused');
    return { indexed, notIndexable: zones.filter((zone) => !indexed.includes(zone)) };
  });
}

/** The month since January 1970, of sessions in UTC. */
export function currentMonth(sql: Sql) {
  return sql`((date_part('year', now()) - 1970) * 12 + date_part('month', now()) - 1)::int`;
}

/** In a database without events an index has everything that there is, but for what was dropped. */
async function insertIndex(sql: Sql, zone: string): Promise<ActivityIndex['state']> {
  const [row] = await sql<{ state: ActivityIndex['state'] }[]>`
    INSERT INTO activity_indexes (zone, state, built_before, sealed_before, complete_from)
    SELECT ${zone}, CASE WHEN empty THEN 'ready' ELSE 'building' END,
      CASE WHEN empty THEN ${EVERYTHING}::int ELSE ${NOTHING}::int END,
      -- What comes from before this month goes into its months as well.
      CASE WHEN empty THEN ${currentMonth(sql)} ELSE ${NOTHING}::int END,
      coalesce(CASE WHEN empty THEN ${retainedBucket(sql)} END, ${NOTHING}::int)
    FROM event_storage, (SELECT NOT EXISTS (SELECT FROM events) AS empty) AS stored
    RETURNING state`;
  if (row === undefined) throw new Error('event_storage is empty: the database is not migrated');
  return row.state;
}
