import type { Metrics } from '@event-analytics/service-kit';
import { Gauge } from 'prom-client';
import type { Upstream } from '../upstream.js';
import { mergeExpositions } from './merge-expositions.js';

const TIMEOUT_MS = 2_000;

/** All services' metrics and our own as one exposition; a service that does not answer is 0 in front_door_upstream_up. */
export function createMetricsText(metrics: Metrics, upstreams: readonly Upstream[]): () => Promise<string> {
  const up = new Gauge({
    name: 'front_door_upstream_up',
    help: 'Whether the service answered when its metrics were asked for.',
    labelNames: ['upstream'],
    registers: [metrics.registry],
  });
  return async () => {
    const texts = await Promise.all(
      upstreams.map(async ({ name, url }) => {
        const text = await fetchText(new URL('/metrics', url));
        up.set({ upstream: name }, text === undefined ? 0 : 1);
        return text ?? '';
      }),
    );
    return mergeExpositions([await metrics.registry.metrics(), ...texts]);
  };
}

async function fetchText(url: URL): Promise<string | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    return response.ok ? text : undefined;
  } catch {
    return undefined;
  }
}
