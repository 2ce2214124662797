import type { Database } from '../database.js';
import {
  addColumnstorePolicy,
  enableColumnstore,
  removeColumnstorePolicy,
} from '../queries/columnstore_policy_set.js';
import { probeColumnstore } from '../queries/columnstore_probe.js';
import { retryTransient } from '../retry-transient.js';
import { recordedStorage } from '../storage.js';
import { columnstoreChange, type ColumnstoreChange } from './columnstore-change.js';

/**
 * Has TimescaleDB compress chunks that ended so many days ago, where its licence allows; its own job does it.
 * @param options compressAfterDays: 0 takes our policy away; what is compressed stays so
 * @returns what was done; `not_offered` on plain PostgreSQL and under the Apache licence; undefined where
 * somebody else is at it
 */
export async function keepColumnstorePolicy(
  db: Database,
  { compressAfterDays }: { compressAfterDays: number },
): Promise<ColumnstoreChange | undefined> {
  return await retryTransient(() =>
    db.transaction(async (sql) => {
      // Preparing the table locks it: rather not than have writers wait.
      const [lock] = await sql<{ taken: boolean }[]>`
        SELECT pg_try_advisory_xact_lock(hashtextextended('event_analytics.upkeep', 0)) AS taken,
          set_config('lock_timeout', '1s', true)`;
      if (!lock?.taken) return undefined;
      const storage = await recordedStorage(sql);
      if (storage !== 'timescaledb') return { kind: 'not_offered' };
      const probe = await probeColumnstore(sql);
      const change = columnstoreChange(probe, compressAfterDays);
      if (change.kind === 'set' && !probe.enabled) await enableColumnstore(sql, probe);
      const isChanged = change.kind === 'set' || change.kind === 'remove';
      if (isChanged && probe.policyDays !== undefined) await removeColumnstorePolicy(sql, probe);
      if (change.kind === 'set') await addColumnstorePolicy(sql, probe, change.days);
      return change;
    }),
  );
}
