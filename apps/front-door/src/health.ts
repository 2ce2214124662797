import type { HealthCheck } from '@event-analytics/service-kit';
import type { Upstream } from './upstream.js';

/** Within service-kit's own limit for a check. */
const TIMEOUT_MS = 1_900;

/** A service is up when its own /health says so; what it says of its dependencies is shown. */
export function upstreamHealth({ name, url }: Upstream): HealthCheck {
  return {
    name,
    critical: true,
    async check() {
      const response = await fetch(new URL('/health', url), { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const report = (await response.json()) as { status?: unknown; dependencies?: unknown };
      if (!response.ok) throw new Error(`${name} is ${String(report.status)}`);
      return { state: report.status, dependencies: report.dependencies };
    },
  };
}
