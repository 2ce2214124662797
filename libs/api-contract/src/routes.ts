export interface Route {
  method: 'GET' | 'POST';
  /** As in the OpenAPI document and in Express: none has parameters. */
  path: string;
  /** Who answers it; the front door passes everything on. */
  service: 'ingest-gateway' | 'stats-api' | 'every';
  /** What a key must be good for, when keys are on; null: no key is asked for. */
  scope: 'ingest' | 'stats' | null;
}

const forEvery = (path: string): Route => ({ method: 'GET', path, service: 'every', scope: null });
const stats = (path: string): Route => ({ method: 'GET', path, service: 'stats-api', scope: 'stats' });

/** Every route of the public API. */
export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/events', service: 'ingest-gateway', scope: 'ingest' },
  stats('/stats/dau'),
  stats('/stats/active-users'),
  stats('/stats/top-events'),
  stats('/stats/retention'),
  stats('/stats/stickiness'),
  stats('/stats/funnel'),
  stats('/stats/event-counts'),
  forEvery('/health'),
  forEvery('/health/live'),
  forEvery('/health/ready'),
  forEvery('/metrics'),
  forEvery('/docs'),
  forEvery('/openapi.json'),
];
