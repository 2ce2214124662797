import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { startGateway, type GatewayOptions, type TestGateway } from './gateway.js';
import { event, events, type Answer } from './post.js';

const open: TestGateway[] = [];
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close();
});

async function gatewayWith(o: GatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startGateway(o);
  open.push(gateway);
  return gateway;
}

function expectProblem(answer: Answer, status: number): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.body).toMatchObject({ status, title: expect.any(String) });
  // Nobody's own words: no stack, no driver, no file.
  expect(answer.text).not.toMatch(/node_modules|\.ts:|at .*\(|SELECT|ioredis|zod|nats:|ECONN/i);
}

describe('422: an event is invalid', () => {
  it('takes nothing of the batch and lists every bad event', async () => {
    const gateway = await gatewayWith();
    const bad = { ...event(), user_id: '' };
    const worse = { ...event(), event_id: 'no-uuid', colour: 'red' };
    const answer = await gateway.post({ events: [event(), bad, event(), worse] });
    expectProblem(answer, 422);
    expect(answer.body.errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ index: 1, event_id: bad.event_id, path: 'user_id', code: 'too_short' }),
        expect.objectContaining({ index: 3, event_id: null, path: 'event_id', code: 'invalid_uuid' }),
        expect.objectContaining({ index: 3, path: 'colour', code: 'unknown_field' }),
      ]),
    );
    expect(new Set(answer.body.errors.map((e: { index: number }) => e.index))).toEqual(new Set([1, 3]));
    expect(await gateway.messages()).toBe(0);
    expect(await gateway.metric('events_rejected_total', { code: 'too_short' })).toBe(1);
  });

  it('?partial=true takes the good ones and lists the bad ones once each', async () => {
    const gateway = await gatewayWith();
    const good = event();
    const twiceBad = { ...event(), user_id: '', event_type: '' };
    const answer = await gateway.post({ events: [twiceBad, good, good] }, { query: '?partial=true' });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ accepted: 1, duplicates: 1 });
    expect(answer.body.rejected).toHaveLength(1);
    expect(answer.body.rejected[0]).toMatchObject({
      index: 0,
      event_id: twiceBad.event_id,
      code: 'too_short',
    });
    expect(await gateway.stored()).toHaveLength(1);
  });

  it('?partial=true with nothing good is still an answer for each event', async () => {
    const gateway = await gatewayWith();
    const answer = await gateway.post({ events: [{ ...event(), user_id: '' }] }, { query: '?partial=true' });
    expect(answer).toMatchObject({ status: 202, body: { accepted: 0, duplicates: 0 } });
    expect(answer.body.rejected).toHaveLength(1);
    expect(await gateway.messages()).toBe(0);
  });

  it('validates before it recognises: an invalid repeat is invalid', async () => {
    const gateway = await gatewayWith();
    const known = event();
    await gateway.post({ events: [known] });
    const answer = await gateway.post({ events: [{ ...known, user_id: '' }] });
    expectProblem(answer, 422);
    const partial = await gateway.post({ events: [{ ...known, user_id: '' }] }, { query: '?partial=true' });
    expect(partial.body).toMatchObject({ accepted: 0, duplicates: 0, rejected: [{ code: 'too_short' }] });
  });

  it('names a bad NDJSON line by its number', async () => {
    const gateway = await gatewayWith();
    const headers = { 'content-type': 'application/x-ndjson' };
    const raw = `${JSON.stringify(event())}\n\n{"event_id":\n`;
    const answer = await gateway.post(undefined, { raw, headers });
    expectProblem(answer, 422);
    expect(answer.body.errors).toMatchObject([{ index: 1, line: 3, code: 'invalid_json' }]);
    const partial = await gateway.post(undefined, { raw, headers, query: '?partial=true' });
    expect(partial.body).toMatchObject({ accepted: 1, rejected: [{ line: 3 }] });
  });

  it.each([
    ['an empty batch', '{"events":[]}'],
    ['no events', '{}'],
    ['an array', '[]'],
    ['null', 'null'],
    ['events that are no array', '{"events":{}}'],
    ['another field beside events', '{"events":[],"batch":1}'],
  ])('refuses %s, with partial too', async (_name, raw) => {
    const gateway = await gatewayWith();
    expectProblem(await gateway.post(undefined, { raw }), 422);
    expectProblem(await gateway.post(undefined, { raw, query: '?partial=true' }), 422);
  });

  it.each(['?partial=', '?partial=1', '?partial=TRUE', '?partial=true&partial=true', '?partail=true', '?x'])(
    'refuses the query %s',
    async (query) => {
      const gateway = await gatewayWith();
      const answer = await gateway.post(events(1), { query });
      expectProblem(answer, 422);
      expect(answer.body.errors).toHaveLength(1);
      expect(await gateway.messages()).toBe(0);
    },
  );

  it('takes ?partial=false for what it is without', async () => {
    const gateway = await gatewayWith();
    const batch = { events: [event(), { ...event(), user_id: '' }] };
    expectProblem(await gateway.post(batch, { query: '?partial=false' }), 422);
    expect((await gateway.post(events(1), { query: '?partial=false' })).status).toBe(202);
    expect(await gateway.messages()).toBe(1);
  });

  it.each([
    ['a NUL in user_id', { user_id: 'a\u0000b' }],
    ['a lone surrogate', { user_id: '\ud800' }],
    ['CRLF in event_type', { event_type: 'a\r\nb' }],
    ['CRLF in event_id', { event_id: `${randomUUID()}\r\n` }],
    ['10 KB of user_id', { user_id: 'x'.repeat(10_240) }],
    ['a NUL deep in the properties', { properties: { a: [{ b: 'x\u0000' }] } }],
    ['a lone surrogate as a key', { properties: { '\udfff': 1 } }],
    ['properties of 33 KiB', { properties: { a: 'x'.repeat(33 * 1024) } }],
    ['second 60', { occurred_at: '2016-12-31T23:59:60Z' }],
    ['no offset', { occurred_at: '2024-03-04T10:00:00' }],
    ['a date only', { occurred_at: '2024-03-04' }],
    ['an instant of 1970', { occurred_at: '1970-01-01T00:00:00Z' }],
    ['more than a day ahead', { occurred_at: new Date(Date.now() + 25 * 3_600_000).toISOString() }],
  ])('refuses %s', async (_name, change) => {
    const gateway = await gatewayWith();
    expectProblem(await gateway.post({ events: [event(change)] }), 422);
    expect(await gateway.messages()).toBe(0);
  });

  it.each([
    '1e400',
    '9007199254740993',
    '-1e999',
    '0.1000000000000000055511151231257827021181583404541015625',
  ])('refuses the number %s, which JavaScript would change', async (number) => {
    const gateway = await gatewayWith();
    const raw = JSON.stringify(events(1)).replace('"page":"/"', `"n":${number}`);
    const answer = await gateway.post(undefined, { raw });
    expectProblem(answer, 422);
    expect(answer.body.errors[0]).toMatchObject({ code: 'number_precision', path: 'properties.n' });
  });

  it('refuses depth 100,000 without falling over', async () => {
    const gateway = await gatewayWith();
    const depth = 100_000;
    const deep = `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
    const raw = JSON.stringify(events(1)).replace('{"page":"/"}', deep);
    const answer = await gateway.post(undefined, { raw });
    expectProblem(answer, 422);
    expect(answer.body.errors[0]).toMatchObject({ code: 'properties_too_deep' });
    expectProblem(await gateway.post(undefined, { raw: '['.repeat(depth) + ']'.repeat(depth) }), 422);
  });
});

describe('400: not even a body', () => {
  it.each([
    ['broken JSON', '{"events":[', {}],
    ['nothing', '', {}],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), {}],
    [
      'gzip cut short',
      gzipSync(JSON.stringify({ events: [event()] })).subarray(0, -10),
      { 'content-encoding': 'gzip' },
    ],
    ['not gzip', JSON.stringify({ events: [event()] }), { 'content-encoding': 'gzip' }],
    ['no bytes of gzip', '', { 'content-encoding': 'gzip' }],
  ])('%s', async (_name, raw, headers) => {
    const gateway = await gatewayWith();
    expectProblem(await gateway.post(undefined, { raw, headers }), 400);
    expect(await gateway.messages()).toBe(0);
    expect(gateway.inFlight.current()).toBe(0);
  });
});

describe('413: over a limit', () => {
  it('takes 2,000 events and not one more', async () => {
    const gateway = await gatewayWith();
    expect(await gateway.post(events(2_000))).toMatchObject({ status: 202, body: { accepted: 2_000 } });
    expectProblem(await gateway.post(events(2_001)), 413);
    expectProblem(await gateway.post(events(10_000)), 413);
    const raw = events(2_001)
      .events.map((e) => JSON.stringify(e))
      .join('\n');
    expectProblem(
      await gateway.post(undefined, { raw, headers: { 'content-type': 'application/x-ndjson' } }),
      413,
    );
    expect(await gateway.stored()).toHaveLength(2_000);
  });

  it('limits the body, declared, streamed or unpacked', async () => {
    const gateway = await gatewayWith({ maxBodyBytes: 10_000 });
    const body = JSON.stringify(events(100));
    expectProblem(await gateway.post(undefined, { raw: body }), 413);
    const gzipped = { raw: gzipSync(body), headers: { 'content-encoding': 'gzip' } };
    expect(gzipped.raw.length).toBeLessThan(10_000);
    expectProblem(await gateway.post(undefined, gzipped), 413);
    const streamed = await fetch(`${gateway.url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Blob([body]).stream(),
      duplex: 'half',
    });
    expect(streamed.status).toBe(413);
    expect(await gateway.messages()).toBe(0);
    expect(gateway.inFlight.current()).toBe(0);
  });

  it('answers a client that is still sending', async () => {
    const gateway = await gatewayWith({ maxBodyBytes: 1_000 });
    expectProblem(await gateway.post(undefined, { raw: Buffer.alloc(20 * 1024 * 1024, 0x20) }), 413);
  });

  it('takes other limits from its options', async () => {
    const gateway = await gatewayWith({ limits: { maxEventsPerRequest: 3, maxUserIdLength: 4 } });
    expectProblem(await gateway.post(events(4)), 413);
    expectProblem(await gateway.post({ events: [event({ user_id: 'abcde' })] }), 422);
    expect((await gateway.post({ events: [event({ user_id: 'abcd' })] })).status).toBe(202);
  });
});

describe('415: a kind of body that is not read', () => {
  it.each([
    [{ 'content-type': 'text/plain' }],
    [{ 'content-type': 'application/json; charset=latin1' }],
    [{ 'content-type': 'application/json', 'content-encoding': 'br' }],
    [{ 'content-type': 'application/json', 'content-encoding': 'gzip, gzip' }],
  ])('%j', async (headers) => {
    const gateway = await gatewayWith();
    const answer = await gateway.post(events(1), { headers: headers });
    expectProblem(answer, 415);
    expect(await gateway.messages()).toBe(0);
  });
});

describe('401 and 403: keys', () => {
  const apiKeys = 'shop:key-ingest:ingest,board:key-stats:stats';

  it('lets in the key with the scope, in either header', async () => {
    const gateway = await gatewayWith({ apiKeys });
    expect((await gateway.post(events(1), { headers: { authorization: 'Bearer key-ingest' } })).status).toBe(
      202,
    );
    expect((await gateway.post(events(1), { headers: { 'x-api-key': 'key-ingest' } })).status).toBe(202);
  });

  it('401 without a key or with a wrong one, whatever the rest is like', async () => {
    const gateway = await gatewayWith({ apiKeys, rateLimit: { capacity: 1, windowSeconds: 60 } });
    expectProblem(await gateway.post(events(1)), 401);
    expectProblem(await gateway.post(events(1), { headers: { authorization: 'Bearer wrong' } }), 401);
    expectProblem(
      await gateway.post(undefined, { raw: '{', headers: { 'content-type': 'text/plain' } }),
      401,
    );
    // None of them took a token.
    expect((await gateway.post(events(1), { headers: { 'x-api-key': 'key-ingest' } })).status).toBe(202);
  });

  it('403 for a key without the scope', async () => {
    const gateway = await gatewayWith({ apiKeys });
    expectProblem(await gateway.post(events(1), { headers: { authorization: 'Bearer key-stats' } }), 403);
    expect(await gateway.messages()).toBe(0);
  });
});

describe('429: too many requests', () => {
  it('tells where the client stands, then refuses and says until when', async () => {
    const gateway = await gatewayWith({ rateLimit: { capacity: 2, windowSeconds: 60 } });
    const first = await gateway.post(events(1));
    expect(first.status).toBe(202);
    expect(first.headers.get('ratelimit-policy')).toBe('"default";q=2;w=60');
    expect(first.headers.get('ratelimit')).toBe('"default";r=1;t=30');
    await gateway.post(events(1));
    const refused = await gateway.post(events(1));
    expectProblem(refused, 429);
    expect(refused.headers.get('retry-after')).toBe('30');
    expect(refused.headers.get('ratelimit')).toBe('"default";r=0;t=30');
    expect(refused.headers.get('ratelimit-policy')).toBe('"default";q=2;w=60');
    expect(await gateway.metric('rate_limit_exceeded_total')).toBe(1);
    expect(await gateway.messages()).toBe(2);
  });

  it('lets in again after Retry-After', async () => {
    const gateway = await gatewayWith({ rateLimit: { capacity: 1, windowSeconds: 1 } });
    await gateway.post(events(1));
    const refused = await gateway.post(events(1));
    expect(refused.status).toBe(429);
    await new Promise((resolve) => setTimeout(resolve, Number(refused.headers.get('retry-after')) * 1_000));
    expect((await gateway.post(events(1))).status).toBe(202);
  });

  it('counts requests of every kind, but no other path', async () => {
    const gateway = await gatewayWith({ rateLimit: { capacity: 1, windowSeconds: 60 } });
    expect((await gateway.get('/health/live')).status).toBe(200);
    const invalid = await gateway.post(undefined, { raw: '{' });
    expect(invalid.status).toBe(400);
    expect(invalid.headers.get('ratelimit')).toBe('"default";r=0;t=60');
    expect((await gateway.post(events(1))).status).toBe(429);
    expect((await gateway.get('/health/live')).status).toBe(200);
  });

  it('gives each key its own bucket', async () => {
    const apiKeys = 'a:key-of-a:ingest,b:key-of-b:ingest';
    const gateway = await gatewayWith({ apiKeys, rateLimit: { capacity: 1, windowSeconds: 60 } });
    const as = (key: string) => gateway.post(events(1), { headers: { 'x-api-key': key } });
    expect((await as('key-of-a')).status).toBe(202);
    expect((await as('key-of-a')).status).toBe(429);
    expect((await as('key-of-b')).status).toBe(202);
  });

  it('believes X-Forwarded-For only as far as TRUST_PROXY says; IPv6 clients by /64', async () => {
    const rateLimit = { capacity: 1, windowSeconds: 60 };
    const from = (gateway: TestGateway, address: string) =>
      gateway.post(events(1), { headers: { 'x-forwarded-for': address } }).then((answer) => answer.status);
    const behind = await gatewayWith({ trustProxy: 1, rateLimit });
    expect(await from(behind, '192.0.2.1')).toBe(202);
    expect(await from(behind, '192.0.2.2')).toBe(202);
    expect(await from(behind, 'forged, 192.0.2.2')).toBe(429);
    expect(await from(behind, '::ffff:192.0.2.2')).toBe(429);
    expect(await from(behind, '2001:db8::1')).toBe(202);
    expect(await from(behind, '2001:db8::ffff:ffff:ffff:ffff')).toBe(429);
    expect(await from(behind, '2001:db8:0:1::1')).toBe(202);
    const alone = await gatewayWith({ rateLimit });
    expect(await from(alone, '192.0.2.1')).toBe(202);
    expect(await from(alone, '192.0.2.2')).toBe(429);
  });

  it('is off without a limit: no headers, no refusals', async () => {
    const gateway = await gatewayWith();
    const answer = await gateway.post(events(1));
    expect(answer.headers.get('ratelimit')).toBeNull();
    expect(answer.headers.get('ratelimit-policy')).toBeNull();
  });
});

describe('other methods and paths', () => {
  it('405 and 404 as problems', async () => {
    const gateway = await gatewayWith();
    const answer = await gateway.get('/events');
    expectProblem(answer, 405);
    expect(answer.headers.get('allow')).toContain('POST');
    expectProblem(await gateway.get('/nowhere'), 404);
  });
});

describe('503: no room', () => {
  it('refuses before it buffers, and takes again when the others are done', async () => {
    const gateway = await gatewayWith({ maxInFlightBytes: 20_000 });
    const large = events(60);
    expect(gateway.inFlight.reserve(19_000)).toBe(true);
    const refused = await gateway.post(large);
    expectProblem(refused, 503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(gateway.inFlight.current()).toBe(19_000);
    expect((await gateway.post(events(1))).status).toBe(202);
    gateway.inFlight.release(19_000);
    expect((await gateway.post(large)).status).toBe(202);
    expect(gateway.inFlight.current()).toBe(0);
  });
});
