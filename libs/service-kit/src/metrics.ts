import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

export interface Metrics {
  /** The service's own; its metrics are made with `registers: [registry]`. */
  registry: Registry;
  /** Counts an answered request; the endpoint is a route's pattern, never a path as it was asked for. */
  requestAnswered(endpoint: string, status: number): void;
}

/** A registry with the process's own metrics and api_requests_total; every sample has the label `service`. */
export function createMetrics(o: { service: string }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: o.service });
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'api_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['endpoint', 'status'],
    registers: [registry],
  });
  return {
    registry,
    requestAnswered: (endpoint, status) => {
      requests.inc({ endpoint, status });
    },
  };
}
