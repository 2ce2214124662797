import type { BreakerState } from '@event-analytics/circuit-breaker';
import type { HealthCheck } from '@event-analytics/service-kit';
import type { DatabaseState } from '@event-analytics/timescale';

/** Down also while the tables are missing or the breaker is open: no statistic would be answered. */
export function databaseHealth(
  check: () => Promise<DatabaseState>,
  breaker: () => BreakerState,
): HealthCheck {
  return {
    name: 'postgres',
    critical: true,
    check: async () => {
      const { version, storage, migrated } = await check();
      if (!migrated) throw new Error('the database is not migrated');
      if (breaker() !== 'closed') throw new Error('it answers again, and is not asked for statistics yet');
      return { version, storage, migrated };
    },
    facts: () => ({ breaker: breaker() }),
  };
}
