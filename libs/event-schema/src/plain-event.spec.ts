import fc from 'fast-check';
import { createEventSchema } from './event-schema.js';
import { CEILING_LIMITS, DEFAULT_LIMITS, type EventLimits } from './limits.js';
import { readPlainEvent } from './plain-event.js';

const nowMs = Date.UTC(2024, 5, 1, 12, 0, 0, 500);
const GOOD = {
  event_id: '018f4e5a-9c1b-7c3d-8e2f-0123456789ab',
  user_id: 'user-1',
  event_type: 'page_view',
  occurred_at: '2024-06-01T12:00:00.000Z',
  properties: { plan: 'pro', amount: 12.5, tags: ['a', null, true], utm: { source: 'x' } },
};

const limits = fc.constantFrom<EventLimits>(DEFAULT_LIMITS, CEILING_LIMITS, {
  maxEventsPerRequest: 1,
  maxUserIdLength: 4,
  maxEventTypeLength: 3,
  maxPropertiesBytes: 60,
  maxPropertiesDepth: 2,
  minOccurredAtMs: Date.UTC(2024, 0, 1),
  maxAgeMs: 60_000,
  maxFutureMs: 1_000,
});

const text = fc.oneof(
  fc.string({ maxLength: 6 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('', '\0', '\ud800', 'a\udc00', '\u0085', '\u007f', '😀😀😀😀', 'u'.repeat(257)),
);
const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toJSON', 'a', '0'));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double(),
    fc.constantFrom(0, -1, true, null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
}));
const instant = fc.oneof(
  fc.integer({ min: -70_000, max: 90_000_000 }).map((offsetMs) => new Date(nowMs + offsetMs).toISOString()),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.constantFrom(
    '2024-05-01T12:00:00Z',
    '2024-06-01T13:00:00.1234+01:00',
    '2024-02-30T00:00:00.000Z',
    '2024-02-29T00:00:00.000Z',
    '2024-05-01T24:00:00.000Z',
    '2024-05-01t12:00:00.000z',
    'now',
  ),
);

const anyField: Record<string, fc.Arbitrary<unknown>> = {
  event_id: fc.oneof(
    fc.uuid().map((id) => id.toUpperCase()),
    value,
  ),
  user_id: fc.oneof(text, value),
  event_type: fc.oneof(text, value),
  occurred_at: fc.oneof({ weight: 4, arbitrary: instant }, value),
  properties: fc.oneof(fc.dictionary(key, value), value),
  x: value,
};
const change = fc.constantFrom(...Object.keys(anyField)).chain((field) =>
  fc.oneof(
    { weight: 9, arbitrary: (anyField[field] ?? value).map((any) => ({ [field]: any })) },
    // As JSON it is missing.
    { weight: 1, arbitrary: fc.constant({ [field]: undefined }) },
  ),
);

/** Events of which up to three fields may be anything, or missing, or too many. */
const anyEvent = fc
  .array(change, { maxLength: 3 })
  .map((changes): Record<string, unknown> => Object.assign({}, GOOD, ...changes));

describe('readPlainEvent', () => {
  test('never says anything else than the schema', () => {
    let taken = 0;
    let refused = 0;
    fc.assert(
      fc.property(fc.oneof(anyEvent, value), limits, (made, limits) => {
        const input = JSON.parse(JSON.stringify(made)) as unknown;
        const plain = readPlainEvent(input, limits, nowMs);
        const told = createEventSchema(limits, () => nowMs).safeParse(input);
        if (!told.success) refused += 1;
        if (plain === undefined) return;
        taken += 1;
        expect(told.data).toEqual(plain);
        expect(JSON.stringify(plain)).toBe(JSON.stringify(told.data));
      }),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(200);
    expect(refused).toBeGreaterThan(200);
  });

  test.each<[string, Record<string, unknown>]>([
    ['of all sorts of properties', {}],
    ['without properties', { properties: undefined }],
    ['with an id in capitals', { event_id: GOOD.event_id.toUpperCase() }],
    ['of another zone', { occurred_at: '2024-05-01T12:00:00+02:00' }],
    ['of the last day of a month', { occurred_at: '2024-05-31T12:00:00.000Z' }],
    ['of another script', { user_id: 'пользователь 😀', properties: { ключ: '漢字' } }],
    ['with line breaks', { properties: { text: 'a\r\n\tb' } }],
  ])('takes an ordinary event itself: %s', (_, change) => {
    const input: unknown = JSON.parse(JSON.stringify({ ...GOOD, ...change }));
    const plain = readPlainEvent(input, DEFAULT_LIMITS, nowMs);
    expect(plain).toBeDefined();
    expect(plain).toEqual(createEventSchema(DEFAULT_LIMITS, () => nowMs).parse(input));
  });

  test('every default properties object is its own', () => {
    const { properties: _, ...input } = GOOD;
    const read = () => readPlainEvent(input, DEFAULT_LIMITS, nowMs)?.properties;
    expect(read()).not.toBe(read());
  });
});
