import { readConfig } from './config.js';

describe('configuration', () => {
  it('has the documented defaults', () => {
    expect(readConfig({})).toMatchObject({
      PORT: 8001,
      RATE_LIMIT_REQUESTS: 1000,
      RATE_LIMIT_WINDOW: 60,
      IDEMPOTENCY_TTL: 86_400,
      MAX_BODY_BYTES: 5_242_880,
      REDIS_TIMEOUT_MS: 50,
      PUBLISH_TIMEOUT_MS: 2_000,
      limits: { maxEventsPerRequest: 2_000, minOccurredAtMs: Date.UTC(1990, 0, 1), maxFutureMs: 86_400_000 },
    });
  });

  it('turns settings into the limits of an event', () => {
    const { limits } = readConfig({
      MIN_OCCURRED_AT: '2020-01-01',
      MAX_FUTURE_SECONDS: '60',
      MAX_EVENTS_PER_REQUEST: '5',
    });
    expect(limits).toMatchObject({
      minOccurredAtMs: Date.UTC(2020, 0, 1),
      maxFutureMs: 60_000,
      maxEventsPerRequest: 5,
    });
  });

  it('takes nothing that is older than raw events are kept', () => {
    expect(readConfig({ RETAIN_RAW_DAYS: '90' }).limits.maxAgeMs).toBe(90 * 86_400_000);
    expect(readConfig({ RETAIN_RAW_DAYS: '0' }).limits.maxAgeMs).toBe(Infinity);
  });

  it('shares the bytes in flight out to the workers', () => {
    expect(readConfig({ GATEWAY_WORKERS: '4' })).toMatchObject({
      GATEWAY_WORKERS: 4,
      inFlightBytesMax: 16_777_216,
    });
    expect(readConfig({})).toMatchObject({ GATEWAY_WORKERS: 1, inFlightBytesMax: 67_108_864 });
  });

  it('has failpoints in tests only', () => {
    const armed = { GATEWAY_FAILPOINT: 'after_publish' };
    expect(readConfig({ ...armed, ENVIRONMENT: 'test' }).failpoint).toBe('after_publish');
    expect(readConfig(armed).failpoint).toBeUndefined();
  });

  it.each([
    [{ GATEWAY_WORKERS: '13' }, /^MAX_IN_FLIGHT_BYTES: .*MAX_BODY_BYTES times GATEWAY_WORKERS.*68157440/],
    [{ GATEWAY_WORKERS: '0' }, /^GATEWAY_WORKERS: /],
    [{ MAX_IN_FLIGHT_BYTES: '2000', MAX_BODY_BYTES: '3000' }, /^MAX_IN_FLIGHT_BYTES: .*MAX_BODY_BYTES/],
    [{ MIN_OCCURRED_AT: '2020-01-01T00:00:00' }, /^MIN_OCCURRED_AT: /],
    [{ MAX_EVENTS_PER_REQUEST: '20001' }, /^MAX_EVENTS_PER_REQUEST: .*20000/],
    [{ PUBLISH_TIMEOUT_MS: '2301' }, /^PUBLISH_TIMEOUT_MS: /],
    [{ RETAIN_RAW_DAYS: '1' }, /^RETAIN_RAW_DAYS: .*at least 2/],
    [{ NATS_SUBJECT: 'events.*' }, /^NATS_SUBJECT: /],
    [{ STRICT_DURABILITY: 'true' }, /^NATS_MONITORING_URL: must be set with STRICT_DURABILITY/],
    [{ NATS_MONITORING_URL: 'http://a:8222,b:8222' }, /^NATS_MONITORING_URL: /],
    [{ REDIS_URL: 'localhost:6379' }, /^REDIS_URL: (?!.*localhost)/],
  ])('refuses %j in one line', (env, line) => {
    expect(() => readConfig(env)).toThrow(line);
    expect(() => readConfig(env)).not.toThrow(/\n/);
  });
});
