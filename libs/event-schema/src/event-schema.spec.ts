import { z } from 'zod';
import { createEventSchema, eventSchema } from './event-schema.js';
import { DEFAULT_LIMITS } from './limits.js';

const jsonSchemaOf = (schema: z.ZodType) =>
  z.toJSONSchema(schema, { io: 'input' }) as {
    required: string[];
    additionalProperties: boolean;
    properties: Record<string, Record<string, unknown>>;
  };

describe('the schema as JSON Schema', () => {
  test('says what the rules say', () => {
    const schema = jsonSchemaOf(eventSchema);
    expect(schema.required).toEqual(['event_id', 'user_id', 'event_type', 'occurred_at']);
    expect(schema.additionalProperties).toBe(false);
    expect(schema.properties).toMatchObject({
      event_id: { type: 'string', format: 'uuid' },
      user_id: { type: 'string', minLength: 1, maxLength: 256 },
      event_type: { type: 'string', minLength: 1, maxLength: 128 },
      occurred_at: { type: 'string', format: 'date-time' },
      properties: { type: 'object', default: {}, additionalProperties: true },
    });
    for (const property of Object.values(schema.properties)) {
      expect(property).toMatchObject({ description: expect.any(String), examples: expect.any(Array) });
    }
  });

  test('follows its limits', () => {
    const schema = jsonSchemaOf(createEventSchema({ ...DEFAULT_LIMITS, maxUserIdLength: 7 }, () => 0));
    expect(schema.properties['user_id']).toMatchObject({ maxLength: 7 });
  });

  test('gives examples that are valid', () => {
    const { properties } = jsonSchemaOf(eventSchema);
    const examples = Object.entries(properties).map(([field, { examples }]) => [
      field,
      (examples as unknown[])[0],
    ]);
    expect(eventSchema.safeParse(Object.fromEntries(examples))).toMatchObject({ success: true });
  });

  test('every default properties object is its own', () => {
    const parse = () =>
      eventSchema.parse({
        event_id: '018f4e5a-9c1b-7c3d-8e2f-0123456789ab',
        user_id: 'u',
        event_type: 't',
        occurred_at: '2024-01-01T00:00:00Z',
      });
    expect(parse().properties).not.toBe(parse().properties);
  });
});
