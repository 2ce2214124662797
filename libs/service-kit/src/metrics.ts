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
  const answered = new Map<string, Map<number, number>>();
  new Counter({
    name: 'api_requests_total',
    help: 'Requests answered, by route and status.',
    labelNames: ['endpoint', 'status'],
    registers: [registry],
    // Counted in a plain map meanwhile: a counter with labels costs a small request more than its parsing.
    collect() {
      for (const [endpoint, byStatus] of answered) {
        for (const [status, count] of byStatus) this.inc({ endpoint, status }, count);
      }
      answered.clear();
    },
  });
  return {
    registry,
    requestAnswered: (endpoint, status) => {
      let byStatus = answered.get(endpoint);
      if (!byStatus) answered.set(endpoint, (byStatus = new Map<number, number>()));
      byStatus.set(status, (byStatus.get(status) ?? 0) + 1);
    },
  };
}
