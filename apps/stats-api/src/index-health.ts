import type { HealthCheck } from '@event-analytics/service-kit';

/** Which of the reporting zones answer from the index. Without one, statistics are slower and as right. */
export function indexHealth(
  zones: readonly string[],
  list: () => Promise<ReadonlyMap<string, 'ready' | 'building' | 'refused'>>,
): HealthCheck {
  return {
    name: 'index',
    critical: false,
    check: async () => {
      const states = await list();
      return { zones: Object.fromEntries(zones.map((zone) => [zone, states.get(zone) ?? 'missing'])) };
    },
  };
}
