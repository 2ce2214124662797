import type { HealthCheck } from '@event-analytics/service-kit';
import type { DatabaseState } from '@event-analytics/timescale';

/** Down also while the tables are missing: no statistic could be answered. */
export function databaseHealth(check: () => Promise<DatabaseState>): HealthCheck {
  return {
    name: 'postgres',
    critical: true,
    check: async () => {
      const { version, storage, migrated } = await check();
      if (!migrated) throw new Error('the database is not migrated');
      return { version, storage, migrated };
    },
  };
}
