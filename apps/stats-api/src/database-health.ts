import type { BreakerState } from '@event-analytics/circuit-breaker';
import type { HealthCheck } from '@event-analytics/service-kit';
import type { DatabaseState } from '@event-analytics/timescale';

/**
 * Down also while the tables are missing or the breaker is open: no statistic would be answered; and while what is
 * wrong with the schema waits for somebody.
 */
export function databaseHealth(
  check: () => Promise<DatabaseState>,
  breaker: () => BreakerState,
  refusal: () => string | undefined = () => undefined,
): HealthCheck {
  return {
    name: 'postgres',
    critical: true,
    check: async () => {
      const { version, storage, migrated, newer } = await check();
      const why = refusal();
      if (why !== undefined) throw new Error(why);
      if (!migrated) throw new Error('the database is not migrated');
      if (breaker() !== 'closed') throw new Error('it answers again, and is not asked for statistics yet');
      return { version, storage, migrated, ...(newer !== undefined && { newer }) };
    },
    facts: () => ({ breaker: breaker() }),
  };
}
