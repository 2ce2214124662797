import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import request from 'supertest';
import { expressRoute, queryOf, sendJson, serveEarly, type ServeEarly } from './early-route.js';
import { createLogger } from './logger.js';
import { createMetrics } from './metrics.js';
import { HttpProblem } from './problem.js';
import { createServiceApp } from './service-app.js';

function tested() {
  const lines: Record<string, unknown>[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  const log = createLogger({ service: 'tested', level: 'debug', stream });
  const metrics = createMetrics({ service: 'tested' });
  const serve: ServeEarly = async (req, response, requestId) => {
    await Promise.resolve();
    if (req.url === '/things?full') throw HttpProblem.unavailable('No room.', 1);
    if (req.url === '/things?bug') throw new Error('select secret from users');
    const isExpress = 'locals' in response;
    response.statusCode = 202;
    sendJson(response, { by: isExpress ? 'Express' : 'early', id: requestId, query: queryOf(req) });
  };
  const app = createServiceApp({
    service: 'tested',
    log,
    metrics,
    healthChecks: [],
    mount: (mounted) => mounted.post('/things', expressRoute(serve)).get('/others', expressRoute(serve)),
  });
  const routes = [
    { method: 'POST', path: '/things', serve },
    { method: 'GET', path: '/others', serve },
  ];
  const listener = serveEarly(app, { routes, log, metrics });
  return { server: createServer(listener), lines, metrics };
}

describe('a route served before Express', () => {
  test('answers with the headers that every answer has, is logged and counted', async () => {
    const { server, lines, metrics } = tested();
    const answer = await request(server).post('/things').set('X-Request-Id', 'abc');
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({ by: 'early', id: 'abc', query: {} });
    expect(answer.headers).toMatchObject({ 'x-request-id': 'abc', 'x-content-type-options': 'nosniff' });
    expect(lines).toEqual([
      expect.objectContaining({
        event: 'request_answered',
        request_id: 'abc',
        method: 'POST',
        endpoint: '/things',
        status: 202,
      }),
    ]);
    expect(await metrics.registry.metrics()).toMatch(
      /^api_requests_total{endpoint="\/things",status="202",service="tested"} 1$/m,
    );
  });

  test.each([
    ['full', 503, /^1$/],
    ['bug', 500, /^undefined$/],
  ])(
    '%s: its errors are the problems of the application, logged and counted once',
    async (query, status, retry) => {
      const { server, lines, metrics } = tested();
      const answer = await request(server).post(`/things?${query}`);
      const requestId = answer.headers['x-request-id'];
      expect(answer.status).toBe(status);
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
      expect(String(answer.headers['retry-after'])).toMatch(retry);
      expect(answer.body).toMatchObject({ status, request_id: requestId });
      expect(answer.text).not.toMatch(/select/);
      expect(lines.map(({ event, request_id }) => [event, request_id])).toEqual([
        ['request_failed', requestId],
        ['request_answered', requestId],
      ]);
      expect(await metrics.registry.metrics()).toContain(
        `api_requests_total{endpoint="/things",status="${status}",service="tested"} 1\n`,
      );
    },
  );

  test('has its query as Express would read it', async () => {
    const { server } = tested();
    const ask = async (path: string) =>
      (await request(server).get(path)).body as { by: string; query: unknown };
    for (const [query, read] of [
      ['a=1&b=%20x%26', { a: '1', b: ' x&' }],
      ['a=1&a=2&b[c]=3', { a: ['1', '2'], 'b[c]': '3' }],
      ['', {}],
    ] as const) {
      expect(await ask(`/others?${query}`)).toMatchObject({ by: 'early', query: read });
      expect(await ask(`/Others?${query}`)).toMatchObject({ by: 'Express', query: read });
    }
  });

  test('another spelling, method or path is for Express', async () => {
    const { server } = tested();
    const byExpress = await request(server).post('/Things/').set('X-Request-Id', 'abc');
    expect(byExpress.body).toEqual({ by: 'Express', id: 'abc', query: {} });
    const head = await request(server).head('/others?a=1');
    expect(head.status).toBe(202);
    expect(head.text).toBeUndefined();
    expect((await request(server).get('/things')).status).toBe(405);
    expect((await request(server).post('/thingsandmore')).status).toBe(404);
    expect((await request(server).get('/health/live')).status).toBe(200);
  });
});
