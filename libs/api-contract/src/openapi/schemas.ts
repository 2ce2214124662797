import { eventSchema } from '@event-analytics/event-schema';
import { z } from 'zod';
import { eventsRequestSchema, eventsResponseSchema } from '../events-contract.js';
import { healthResponseSchema, healthStatusSchema } from '../health-responses.js';
import { eventProblemSchema, parameterProblemSchema, problemBodySchema } from '../problem-body.js';
import {
  activeUsersResponseSchema,
  dauResponseSchema,
  eventCountsResponseSchema,
  funnelResponseSchema,
  retentionResponseSchema,
  stickinessResponseSchema,
  topEventsResponseSchema,
} from '../stats-responses.js';
import type { JsonSchema, Parameter, Reference } from './openapi-document.js';

const SCHEMAS = {
  Event: eventSchema,
  EventsRequest: eventsRequestSchema,
  EventsResponse: eventsResponseSchema,
  EventProblem: eventProblemSchema,
  ParameterProblem: parameterProblemSchema,
  Problem: problemBodySchema,
  DauResponse: dauResponseSchema,
  ActiveUsersResponse: activeUsersResponseSchema,
  TopEventsResponse: topEventsResponseSchema,
  RetentionResponse: retentionResponseSchema,
  StickinessResponse: stickinessResponseSchema,
  FunnelResponse: funnelResponseSchema,
  EventCountsResponse: eventCountsResponseSchema,
  HealthResponse: healthResponseSchema,
  HealthStatus: healthStatusSchema,
} as const satisfies Record<string, z.ZodType>;

export type SchemaName = keyof typeof SCHEMAS;

export const schemaReference = (name: SchemaName): Reference => ({ $ref: `#/components/schemas/${name}` });

interface ZodJsonSchema extends JsonSchema {
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

// `input`: what a client may send, and answers that may grow fields without breaking anybody's validation.
const options = {
  io: 'input' as const,
  override: ({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodType; jsonSchema: JsonSchema }) => {
    // zod drops these of what it transforms; here they are said in the words of the query.
    const meta = z.globalRegistry.get(zodSchema);
    for (const key of ['examples', 'default']) {
      if (meta?.[key] !== undefined) jsonSchema[key] = meta[key];
    }
    // zod bounds every integer by what JavaScript can hold: true, but noise.
    if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
    // The formats say it; zod adds expressions of hundreds of characters that mean the same.
    if (jsonSchema['format'] === 'date' || jsonSchema['format'] === 'date-time') delete jsonSchema['pattern'];
  },
};

/** The schemas by name, made from zod's; they refer to each other. */
export function componentSchemas(): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(SCHEMAS)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, {
    ...options,
    uri: (id) => `#/components/schemas/${id}`,
  });
  return Object.fromEntries(
    Object.keys(SCHEMAS).map((name) => [name, withoutIdentity({ ...schemas[name] })]),
  );
}

function withoutIdentity({ $schema: _schema, $id: _id, id: _name, ...schema }: JsonSchema): JsonSchema {
  return schema;
}

/** Filled in where a page lets people try a question out, beside what is required. */
const PREFILLED = new Set(['from', 'to']);

/** The parameters of a query schema, each with its rules as JSON Schema. */
export function queryParameters(query: z.ZodObject): Parameter[] {
  const { properties = {}, required = [] } = z.toJSONSchema(query, options) as ZodJsonSchema;
  return Object.entries(properties).map(([name, { description, ...schema }]) => {
    const isRequired = required.includes(name);
    const [example] = Array.isArray(schema['examples']) ? (schema['examples'] as unknown[]) : [];
    return {
      name,
      in: 'query',
      required: isRequired,
      description: String(description),
      schema,
      ...(isRequired || PREFILLED.has(name) ? { example } : {}),
    };
  });
}
