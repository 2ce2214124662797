import { Writable } from 'node:stream';
import express from 'express';
import request from 'supertest';
import type { HealthCheck } from './health.js';
import { createLogger } from './logger.js';
import { createMetrics } from './metrics.js';
import { HttpProblem } from './problem.js';
import { listRoutes } from './routes.js';
import { createServiceApp } from './service-app.js';
import manifest from '../package.json' with { type: 'json' };
import { VERSION } from './version.js';

interface LogLine {
  event: string;
  level: string;
  timestamp: string;
  service: string;
  [key: string]: unknown;
}

function tested(o: { checks?: HealthCheck[]; ready?: () => boolean } = {}) {
  const lines: LogLine[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      for (const line of chunk.toString().trim().split('\n')) lines.push(JSON.parse(line) as LogLine);
      done();
    },
  });
  let nowMs = 0;
  const app = createServiceApp({
    service: 'tested',
    log: createLogger({ service: 'tested', level: 'debug', stream }),
    metrics: createMetrics({ service: 'tested' }),
    healthChecks: o.checks ?? [],
    ...(o.ready ? { ready: o.ready } : {}),
    clock: () => nowMs,
    mount(served) {
      served.get('/things/:id', (req, res) => {
        if (req.params.id === 'bug') throw new Error('select secret from users');
        if (req.params.id === 'limited') throw HttpProblem.tooMany('Too many things.', 1);
        if (req.params.id === 'busy') throw HttpProblem.unavailable('The thing is busy.', 1.2);
        if (req.params.id === 'wrong') {
          throw HttpProblem.unprocessable('A thing is wrong.', [
            { path: 'id', code: 'wrong', message: 'No.' },
          ]);
        }
        res.json({ id: req.params.id });
      });
      served.post('/parsed', express.json({ limit: 100 }), (_req, res) => res.status(201).end());
      served.post('/things/:id', (_req, res) => res.status(201).end());
    },
  });
  return { app, lines, passMs: (ms: number) => (nowMs += ms) };
}

describe('every service', () => {
  test('takes a request id that is well-formed, makes one otherwise, and returns it', async () => {
    const { app } = tested();
    const kept = await request(app).get('/things/1').set('X-Request-Id', 'abc-123');
    expect(kept.headers['x-request-id']).toBe('abc-123');
    const made = await request(app).get('/things/1').set('X-Request-Id', 'a b');
    expect(made.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(made.headers['x-powered-by']).toBeUndefined();
  });

  test('answers an unknown path with 404 and a known one with 405, as problems', async () => {
    const { app } = tested();
    const unknown = await request(app).get('/nothing?x=1');
    expect([unknown.status, unknown.type]).toEqual([404, 'application/problem+json']);
    expect(unknown.body).toMatchObject({ code: 'not_found', status: 404, title: 'Not found' });
    expect(unknown.headers['cache-control']).toBe('no-store');
  });

  test.each([
    ['/metrics', 'GET, HEAD'],
    ['/Health/live/', 'GET, HEAD'],
    ['/things/7', 'GET, HEAD, POST'],
  ])('answers another method at %s with what is possible there', async (path, allow) => {
    const answer = await request(tested().app).delete(path);
    expect([answer.status, answer.headers['allow'], answer.body.code]).toEqual([
      405,
      allow,
      'method_not_allowed',
    ]);
  });

  test.each(['/things/%zz', '/%zz', '/docs/%c3%28'])(
    'answers the malformed path %s with 400',
    async (path) => {
      const answer = await request(tested().app).get(path);
      expect([answer.status, answer.body.code]).toEqual([400, 'bad_request']);
    },
  );

  test.each([
    [{ 'Content-Type': 'application/json' }, '{"a":', 400, 'invalid_json'],
    [{ 'Content-Type': 'application/json' }, JSON.stringify({ a: 'x'.repeat(200) }), 413, 'body_too_large'],
    [{ 'Content-Type': 'application/json; charset=latin9' }, '{}', 415, 'unsupported_media_type'],
    [
      { 'Content-Type': 'application/json', 'Content-Encoding': 'compress' },
      '{}',
      415,
      'unsupported_encoding',
    ],
  ])('answers what a body parser refuses (%j) in its own words', async (headers, body, status, code) => {
    const answer = await request(tested().app).post('/parsed').set(headers).send(body);
    expect([answer.status, answer.type, answer.body.code]).toEqual([
      status,
      'application/problem+json',
      code,
    ]);
  });

  test('protects whoever opens an answer in a browser', async () => {
    const { headers } = await request(tested().app).get('/things/1');
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
    });
    expect(headers).not.toHaveProperty('etag');
  });

  test.each([
    ['/things/1', 'debug', 200],
    ['/things/limited', 'debug', 429],
    ['/nothing', 'info', 404],
    ['/things/busy', 'warn', 503],
  ])('logs the answer to %s as %s', async (path, level, status) => {
    const { app, lines } = tested();
    const answer = await request(app).get(path);
    expect(lines.find(({ event }) => event === 'request_answered')).toMatchObject({
      level,
      status,
      method: 'GET',
      request_id: answer.headers['x-request-id'],
    });
  });

  test('gives a refusal its status, headers and errors', async () => {
    const { app } = tested();
    const busy = await request(app).get('/things/busy');
    expect([busy.status, busy.headers['retry-after'], busy.body.code]).toEqual([503, '2', 'unavailable']);
    const wrong = await request(app).get('/things/wrong');
    expect(wrong.status).toBe(422);
    expect(wrong.body.errors).toEqual([{ path: 'id', code: 'wrong', message: 'No.' }]);
  });

  test('says nothing of what went wrong inside, but logs it with its stack and the request id', async () => {
    const { app, lines } = tested();
    const answer = await request(app).get('/things/bug');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toMatch(/secret|select|at /);
    const line = lines.find((l) => l.event === 'request_failed');
    expect(line).toMatchObject({ level: 'error', service: 'tested', request_id: answer.body.request_id });
    expect(JSON.stringify(line)).toContain('service-app.spec');
    expect(JSON.stringify(line)).toContain('select secret from users');
  });

  test('counts requests by route, never by path', async () => {
    const { app } = tested();
    await request(app).get('/things/1');
    await request(app).get('/things/2');
    await request(app).get('/a/path/nobody/knows');
    const { text, type } = await request(app).get('/metrics');
    expect(type).toBe('text/plain');
    expect(text).toContain('api_requests_total{endpoint="/things/:id",status="200",service="tested"} 2');
    expect(text).toContain('api_requests_total{endpoint="unmatched",status="404",service="tested"} 1');
    expect(text).toContain('process_cpu_seconds_total');
  });

  test('serves the documentation from its own files, under a policy that allows no others', async () => {
    const { app } = tested();
    const moved = await request(app).get('/docs');
    expect([moved.status, moved.headers['location']]).toEqual([308, 'docs/']);
    const page = await request(app).get('/docs/');
    expect(page.text).toContain('swagger-ui');
    expect(page.text).not.toMatch(/https?:\/\//);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
    for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'start.js', 'favicon-32x32.png']) {
      expect((await request(app).get(`/docs/${file}`)).status).toBe(200);
    }
    const document = await request(app).get('/openapi.json');
    expect(document.body).toMatchObject({ openapi: '3.1.0', info: { version: VERSION } });
  });

  test('lists the routes it has', () => {
    expect(listRoutes(tested().app)).toEqual(
      expect.arrayContaining([
        { method: 'GET', path: '/health' },
        { method: 'GET', path: '/things/:id' },
        { method: 'POST', path: '/things/:id' },
      ]),
    );
  });

  test('has the version of its package', () => {
    expect(VERSION).toBe(manifest.version);
  });
});

describe('health', () => {
  const up = (name: string, critical = true): HealthCheck => ({
    name,
    critical,
    check: () => Promise.resolve({ version: '1' }),
  });
  const down = (name: string, critical = true): HealthCheck => ({
    name,
    critical,
    check: () => Promise.reject(new Error('password is hunter2')),
  });

  test.each([
    ['ok', 200, [up('database'), up('cache', false)]],
    ['degraded', 200, [up('database'), down('cache', false)]],
    ['down', 503, [down('database'), up('cache', false)]],
  ])('%s is %i', async (status, code, checks) => {
    const { app, lines } = tested({
      checks: checks.map((c) => ({ ...c, facts: () => ({ asked: c.name }) })),
    });
    const answer = await request(app).get('/health');
    expect([answer.status, answer.body.status]).toEqual([code, status]);
    // What a service knows by itself is said of a dependency that is down, too.
    for (const { name } of checks) expect(answer.body.dependencies[name].asked).toBe(name);
    expect(Object.keys(answer.body.dependencies as object)).toEqual(['database', 'cache']);
    expect(answer.text).not.toContain('hunter2');
    expect(lines.filter((l) => l.event === 'dependency_down')).toHaveLength(status === 'ok' ? 0 : 1);
    expect((await request(app).get('/health/ready')).status).toBe(code);
    expect((await request(app).get('/health/live')).status).toBe(200);
  });

  test('a check that never answers is down after two seconds', async () => {
    const { app } = tested({
      checks: [{ name: 'silent', critical: true, check: () => new Promise(() => undefined) }],
    });
    const answer = await request(app).get('/health');
    expect([answer.status, answer.body.dependencies.silent.status]).toEqual([503, 'down']);
  });

  test('whoever asks while a dependency hangs waits with the others, and it is asked once', async () => {
    let asked = 0;
    const { app, passMs } = tested({
      checks: [
        {
          name: 'hanging',
          critical: true,
          check: () => {
            asked += 1;
            return new Promise((resolve) => setTimeout(resolve, 300, {}));
          },
        },
      ],
    });
    const first = request(app).get('/health').then();
    await new Promise((resolve) => setTimeout(resolve, 100));
    passMs(10_000);
    expect((await request(app).get('/health')).status).toBe(200);
    expect([(await first).status, asked]).toEqual([200, 1]);
  });

  test('asks a dependency no more often than twice a second', async () => {
    let asked = 0;
    const check: HealthCheck = {
      name: 'database',
      critical: true,
      check: () => Promise.resolve({ asked: (asked += 1) }),
    };
    const { app, passMs } = tested({ checks: [check] });
    for (let n = 0; n < 5; n += 1) await request(app).get('/health');
    expect(asked).toBe(1);
    passMs(501);
    await request(app).get('/health');
    expect(asked).toBe(2);
  });

  test('not ready is 503 whatever the dependencies say', async () => {
    const { app } = tested({ ready: () => false });
    expect((await request(app).get('/health/ready')).status).toBe(503);
    expect((await request(app).get('/health')).status).toBe(200);
  });
});
