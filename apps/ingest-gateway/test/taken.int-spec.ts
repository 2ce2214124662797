import { gzipSync } from 'node:zlib';
import { startGateway, type TestGateway } from './gateway.js';
import { event, events, idsOf } from './post.js';

let gateway: TestGateway;
beforeEach(async () => (gateway = await startGateway()));
afterEach(() => gateway.close());

describe('202: taken', () => {
  it('answers after every event is in the stream, each in its one spelling', async () => {
    const sent = [
      event({
        event_id: 'ABCDEF00-0000-4000-8000-00000000000A',
        occurred_at: '2024-03-04T13:00:00.1239+01:00',
      }),
      event({ user_id: 'Zoë 👩‍🚀', properties: {} }),
    ];
    const answer = await gateway.post({ events: sent });
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      accepted: 2,
      duplicates: 0,
      rejected: [],
      request_id: answer.headers.get('x-request-id'),
    });
    expect(answer.body.request_id).toMatch(/.{8,}/);
    expect(await gateway.stored()).toEqual([
      {
        ...sent[0],
        event_id: 'abcdef00-0000-4000-8000-00000000000a',
        occurred_at: '2024-03-04T12:00:00.123Z',
      },
      { ...sent[1], occurred_at: '2024-03-04T10:00:00.000Z' },
    ]);
  });

  it('takes properties by default {}', async () => {
    const { properties: _, ...bare } = event();
    expect((await gateway.post({ events: [bare] })).status).toBe(202);
    expect((await gateway.stored())[0]?.properties).toEqual({});
  });

  it('takes the id of the request from the client', async () => {
    const answer = await gateway.post(events(1), { headers: { 'x-request-id': 'order-66' } });
    expect(answer.body.request_id).toBe('order-66');
    const line = gateway.logged.find(({ event: name }) => name === 'events_accepted');
    expect(line?.context).toMatchObject({ accepted: 1, duplicates: 0, request_id: 'order-66' });
    expect(line?.context['duration_seconds']).toBeGreaterThanOrEqual(0);
  });

  it('takes NDJSON, with blank lines and without a last newline', async () => {
    const sent = [event(), event(), event()];
    const raw = sent.map((e) => JSON.stringify(e)).join('\r\n\n');
    const answer = await gateway.post(undefined, {
      raw,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    expect(answer).toMatchObject({ status: 202, body: { accepted: 3 } });
    expect(idsOf(await gateway.stored())).toEqual(idsOf(sent));
  });

  it('takes gzip of both', async () => {
    const headers = { 'content-encoding': 'gzip' };
    const json = gzipSync(JSON.stringify(events(5)));
    expect(await gateway.post(undefined, { raw: json, headers })).toMatchObject({
      status: 202,
      body: { accepted: 5 },
    });
    const ndjson = gzipSync(`${JSON.stringify(event())}\n`);
    const asLines = { ...headers, 'content-type': 'application/x-ndjson' };
    expect(await gateway.post(undefined, { raw: ndjson, headers: asLines })).toMatchObject({
      status: 202,
      body: { accepted: 1 },
    });
    expect(await gateway.stored()).toHaveLength(6);
  });

  it('takes a request that needs several messages, whole', async () => {
    const batch = events(400, { properties: { text: 'x'.repeat(10_000) } });
    const answer = await gateway.post(batch);
    expect(answer).toMatchObject({ status: 202, body: { accepted: 400 } });
    expect(await gateway.messages()).toBeGreaterThan(7);
    expect(idsOf(await gateway.stored()).sort()).toEqual(idsOf(batch.events).sort());
  });

  it('takes __proto__ and its friends as plain keys', async () => {
    const raw = JSON.stringify(events(1)).replace(
      '"page":"/"',
      '"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"toString":1',
    );
    expect((await gateway.post(undefined, { raw })).status).toBe(202);
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    const [stored] = await gateway.stored();
    expect(Object.keys(stored?.properties ?? {})).toEqual(['__proto__', 'constructor', 'toString']);
  });
});

describe('duplicates', () => {
  it('counts an id repeated in the batch once; the first one wins', async () => {
    const first = event({ occurred_at: '2024-03-04T10:00:00Z' });
    const again = { ...first, event_id: first.event_id.toUpperCase(), occurred_at: '2024-03-05T10:00:00Z' };
    const answer = await gateway.post({ events: [first, event(), again] });
    expect(answer.body).toMatchObject({ accepted: 2, duplicates: 1, rejected: [] });
    const stored = await gateway.stored();
    expect(stored).toHaveLength(2);
    expect(stored[0]?.occurred_at).toBe('2024-03-04T10:00:00.000Z');
    expect(await gateway.metric('events_duplicate_total', { source: 'batch' })).toBe(1);
  });

  it('recognises what was sent before, also with another instant, and publishes nothing', async () => {
    const batch = events(3);
    await gateway.post(batch);
    const later = batch.events.map((e) => ({ ...e, occurred_at: '2024-03-06T00:00:00Z' }));
    const answer = await gateway.post({ events: [...later, event()] });
    expect(answer.body).toMatchObject({ accepted: 1, duplicates: 3 });
    expect(await gateway.stored()).toHaveLength(4);
    expect(await gateway.messages()).toBe(2);
    expect(await gateway.metric('events_duplicate_total', { source: 'redis' })).toBe(3);
    expect((await gateway.post(batch)).body).toMatchObject({ accepted: 0, duplicates: 3 });
    expect(await gateway.messages()).toBe(2);
  });

  it('recognises them on another gateway', async () => {
    const { keyPrefix, names } = gateway;
    const other = await startGateway({ keyPrefix, stream: names.stream });
    const batch = events(2);
    await gateway.post(batch);
    expect((await other.post(batch)).body).toMatchObject({ accepted: 0, duplicates: 2 });
    await other.close();
  });

  it('counts no mark of a stream that was lost and made anew', async () => {
    const { keyPrefix, names, nats } = gateway;
    const batch = events(2);
    await gateway.post(batch);
    const session = await nats.whenConnected();
    await session.jsm.streams.delete(names.stream);
    const after = await startGateway({ keyPrefix, stream: names.stream });
    expect((await after.post(batch)).body).toMatchObject({ accepted: 2, duplicates: 0 });
    expect(await after.stored()).toHaveLength(2);
    await after.close();
  });

  it('100 concurrent requests with the same id over two gateways: all 202, one row to be', async () => {
    const { keyPrefix, names } = gateway;
    const other = await startGateway({ keyPrefix, stream: names.stream });
    const one = { events: [event()] };
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) => (i % 2 ? gateway : other).post(one)),
    );
    expect(new Set(answers.map((a) => a.status))).toEqual(new Set([202]));
    for (const { body } of answers) expect(body.accepted + body.duplicates).toBe(1);
    const stored = await gateway.stored();
    expect(stored.length).toBe(answers.reduce((sum, { body }) => sum + body.accepted, 0));
    // Published more than once at most with the same identity: PostgreSQL keeps one.
    expect(new Set(stored.map((e) => `${e.event_id} ${e.occurred_at}`)).size).toBe(1);
    await other.close();
  });
});

describe('metrics', () => {
  it('counts events received by type, and how long ingestion took', async () => {
    await gateway.post({ events: [event({ event_type: 'buy' }), event({ event_type: 'buy' }), event()] });
    expect(await gateway.metric('events_received_total', { event_type: 'buy' })).toBe(2);
    expect(await gateway.metric('events_received_total', { event_type: 'click' })).toBe(1);
    expect(await gateway.metric('ingestion_duration_seconds_count')).toBe(1);
    expect(await gateway.metric('redis_breaker_state')).toBe(0);
    expect(await gateway.metric('event_stream_missing')).toBe(0);
    expect(await gateway.metric('in_flight_bytes')).toBe(0);
  });

  it('keeps the label values bounded and escapes them', async () => {
    const strange = 'a "quoted"\\ type';
    await gateway.post({ events: [event({ event_type: strange })] });
    await gateway.post({ events: Array.from({ length: 500 }, (_, i) => event({ event_type: `type ${i}` })) });
    const { text } = await gateway.get('/metrics');
    const series = text.split('\n').filter((line) => line.startsWith('events_received_total{'));
    expect(series.length).toBe(101);
    expect(text).toContain('event_type="a \\"quoted\\"\\\\ type"');
    expect(await gateway.metric('events_received_total', { event_type: 'other' })).toBe(401);
  });
});
