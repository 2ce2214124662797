import type { Express } from 'express';
import request from 'supertest';
import { checkScope, parseApiKeys } from './api-keys.js';
import { createLogger } from './logger.js';
import { createMetrics } from './metrics.js';
import { createServiceApp } from './service-app.js';

const appWith = (keys: string) =>
  createServiceApp({
    service: 'tested',
    log: createLogger({ service: 'tested', level: 'error' }),
    metrics: createMetrics({ service: 'tested' }),
    healthChecks: [],
    mount(app: Express) {
      const parsed = parseApiKeys(keys);
      app.get('/stats', ({ headers }, response) => {
        response.json({ key: checkScope(parsed, 'stats', headers) ?? null });
      });
    },
  });

describe('API keys', () => {
  const app = appWith('web:ingest-key-1:ingest, dash:stats-key-22:stats, ops:both-keys-33:ingest+stats');

  test.each([
    ['Authorization', 'Bearer stats-key-22', 'dash'],
    ['authorization', 'bearer both-keys-33', 'ops'],
    ['X-API-Key', 'stats-key-22', 'dash'],
  ])('%s: %s passes as %s', async (header, value, name) => {
    const answer = await request(app).get('/stats').set(header, value);
    expect([answer.status, answer.body]).toEqual([200, { key: name }]);
  });

  test.each([
    ['none', {}, 401, 'missing_api_key', 'Bearer'],
    [
      'an unknown one',
      { 'X-API-Key': 'stats-key-23' },
      401,
      'invalid_api_key',
      'Bearer error="invalid_token"',
    ],
    [
      'one without the scope',
      { 'X-API-Key': 'ingest-key-1' },
      403,
      'missing_scope',
      'Bearer error="insufficient_scope", scope="stats"',
    ],
  ])('%s is refused', async (_name, headers, status, code, challenge) => {
    const answer = await request(app).get('/stats').set(headers);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, code, request_id: answer.headers['x-request-id'] });
    expect(answer.headers['www-authenticate']).toBe(challenge);
  });

  test('are off where none are configured', async () => {
    expect((await request(appWith('')).get('/stats')).status).toBe(200);
  });

  test.each([
    ['web', 'entry 1 must have a key'],
    ['web:short:stats', 'entry 1 must have a key of 8'],
    ['a:long-enough-1:stats,b:long-enough-2:read', 'entry 2 must have scopes out of ingest, stats'],
    ['a:long-enough-1:', 'entry 1 must have scopes'],
    ['a b:long-enough-1:stats', 'entry 1 must be name:key:scope'],
    ['a:long-enough-1:stats,a:long-enough-2:stats', 'entry 2 repeats'],
    ['a:long-enough-1:stats,b:long-enough-1:stats', 'entry 2 repeats'],
  ])('%s is refused without showing the key', (text, said) => {
    expect(() => parseApiKeys(text)).toThrow(said);
    expect(() => parseApiKeys(text)).not.toThrow('long-enough');
  });
});
