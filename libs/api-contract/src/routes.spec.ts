import { ROUTES } from './routes.js';

// Written out, since everything else is made from the table: a route that leaves it would be missed nowhere.
test('the public API', () => {
  expect(ROUTES.map(({ method, path, service, scope }) => `${method} ${path} ${service} ${scope}`)).toEqual([
    'POST /events ingest-gateway ingest',
    'GET /stats/dau stats-api stats',
    'GET /stats/active-users stats-api stats',
    'GET /stats/top-events stats-api stats',
    'GET /stats/retention stats-api stats',
    'GET /stats/stickiness stats-api stats',
    'GET /stats/funnel stats-api stats',
    'GET /stats/event-counts stats-api stats',
    'GET /health every null',
    'GET /health/live every null',
    'GET /health/ready every null',
    'GET /metrics every null',
    'GET /docs every null',
    'GET /openapi.json every null',
  ]);
});
