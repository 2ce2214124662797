import { execFileSync } from 'node:child_process';
import { eventSchema } from '@event-analytics/event-schema';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { z } from 'zod';
import { eventsRequestSchema, eventsResponseSchema } from '../events-contract.js';
import { healthResponseSchema, healthStatusSchema } from '../health-responses.js';
import { problemBodySchema } from '../problem-body.js';
import { PROBLEM_CODES, PROBLEMS, type ProblemCode } from '../problem-codes.js';
import { ROUTES } from '../routes.js';
import {
  activeUsersResponseSchema,
  dauResponseSchema,
  eventCountsResponseSchema,
  funnelResponseSchema,
  retentionResponseSchema,
  stickinessResponseSchema,
  topEventsResponseSchema,
} from '../stats-responses.js';
import { buildOpenApiDocument } from './build-openapi-document.js';
import type { JsonSchema, MediaType, Operation, Response } from './openapi-document.js';
import { RETENTION } from './stats-examples.js';

const document = buildOpenApiDocument({ version: '1.2.3' });
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({
    path,
    method: method.toUpperCase(),
    operation,
  })),
);
const operationOf = (path: string): Operation => {
  const found = operations.find((operation) => operation.path === path);
  if (found === undefined) throw new Error(`no ${path}`);
  return found.operation;
};
const responsesOf = (operation: Operation) => Object.entries(operation.responses) as [string, Response][];

const ajv = addFormats.default(new Ajv2020({ strict: false, allErrors: true }));

/** What is wrong with a value, by a schema of the document that may refer to its components. */
function faults(schema: object, value: unknown): unknown[] {
  const validate = ajv.compile({ ...schema, components: document.components });
  validate(value);
  return validate.errors ?? [];
}

test('is valid OpenAPI 3.1', () => {
  // The validator is an ES module, which Jest's CommonJS cannot load.
  const script = `
    import { Validator } from '@seriousme/openapi-schema-validator';
    const text = await new Response(process.stdin).text();
    const validator = new Validator();
    const { valid, errors } = await validator.validate(JSON.parse(text));
    process.stdout.write(JSON.stringify({ valid, errors, version: validator.version }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    input: JSON.stringify(document),
    encoding: 'utf8',
  });
  expect(JSON.parse(output)).toEqual({ valid: true, version: '3.1' });
  expect(document.info.version).toBe('1.2.3');
});

test('its paths are the routes', () => {
  const documented = operations.map(({ method, path }) => `${method} ${path}`);
  expect(documented.sort()).toEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).sort());
  const ids = operations.map(({ operation }) => operation.operationId);
  expect(new Set(ids).size).toBe(ids.length);
});

test('a key is asked for, or none while keys are off, where the route has a scope', () => {
  for (const { path, scope } of ROUTES) {
    const { security, responses } = operationOf(path);
    expect(security).toEqual(scope === null ? [] : [{ bearer: [] }, { apiKey: [] }, {}]);
    expect(Object.keys(responses).includes('403')).toBe(scope !== null);
  }
});

const STATS_PATHS = ROUTES.map(({ path }) => path).filter((path) => path.startsWith('/stats/'));

test.each<[string, string[]]>([
  ['/events', ['202', '400', '401', '403', '413', '415', '422', '429', '431', '500', '503']],
  ...STATS_PATHS.map((path): [string, string[]] => [
    path,
    ['200', '304', '400', '401', '403', '422', '431', '500', '503'],
  ]),
])('%s tells all its answers', (path, statuses) => {
  expect(Object.keys(operationOf(path).responses).filter((status) => status !== 'default')).toEqual(statuses);
});

test('answers to wait for say how long', () => {
  const { responses } = operationOf('/events');
  expect(Object.keys((responses['429'] as Response).headers ?? {})).toEqual([
    'X-Request-Id',
    'Retry-After',
    'RateLimit',
    'RateLimit-Policy',
  ]);
  for (const path of ['/events', ...STATS_PATHS]) {
    expect((operationOf(path).responses['503'] as Response).headers).toHaveProperty('Retry-After');
  }
});

test.each(STATS_PATHS)('%s can be kept and asked for again', (path) => {
  const { responses, parameters } = operationOf(path);
  for (const status of ['200', '304']) {
    expect(Object.keys((responses[status] as Response).headers ?? {})).toEqual([
      'X-Request-Id',
      'ETag',
      'Cache-Control',
    ]);
  }
  expect((responses['200'] as Response).description).toMatch(/from the index has an `ETag`;.*has none/);
  expect(responses['304']).not.toHaveProperty('content');
  expect(parameters?.at(-1)).toMatchObject({ name: 'If-None-Match', in: 'header', required: false });
});

test.each(STATS_PATHS)('%s tells of dropped raw data under the parameter where it begins', (path) => {
  const refusal = operationOf(path).responses['422'] as Response;
  const { value } = refusal.content?.['application/problem+json']?.examples?.['raw_data_dropped'] ?? {};
  expect(problemBodySchema.parse(value).errors).toMatchObject([
    { path: path === '/stats/retention' ? 'start_date' : 'from', code: 'raw_data_dropped' },
  ]);
});

test.each(STATS_PATHS.filter((path) => path !== '/stats/retention'))(
  '%s has a default range, whatever as_of says',
  (path) => {
    const described = (wanted: string) =>
      operationOf(path).parameters?.find(({ name }) => name === wanted)?.description;
    expect(described('to')).toContain('whatever `as_of` says');
    expect(described('as_of')).not.toContain('`to`');
  },
);

test('parameters are those of the queries', () => {
  const names = (path: string) =>
    operationOf(path)
      .parameters?.filter(({ name }) => name !== 'If-None-Match')
      .map(({ name, required }) => `${name}${required ? '!' : ''}`);
  expect(names('/events')).toEqual(['partial', 'Content-Encoding']);
  expect(names('/stats/dau')).toEqual(['from', 'to', 'event_type', 'timezone', 'as_of']);
  expect(names('/stats/active-users')).toEqual(['period!', 'from', 'to', 'event_type', 'timezone', 'as_of']);
  expect(names('/stats/top-events')).toEqual(['from', 'to', 'limit', 'timezone', 'as_of']);
  expect(names('/stats/retention')).toEqual([
    'start_date!',
    'window_type!',
    'windows!',
    'cohorts',
    'mode',
    'born_event',
    'return_event',
    'timezone',
    'as_of',
  ]);
  expect(names('/stats/stickiness')).toEqual(['from', 'to', 'event_type', 'timezone', 'as_of']);
  expect(names('/stats/funnel')).toEqual(['steps!', 'from', 'to', 'timezone', 'as_of']);
  expect(names('/stats/event-counts')).toEqual([
    'interval',
    'from',
    'to',
    'event_type',
    'limit',
    'timezone',
    'as_of',
  ]);
  const limit = operationOf('/stats/top-events').parameters?.find(({ name }) => name === 'limit');
  expect(limit?.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 1000, default: 10 });
});

/** Every JSON Schema of the document that gives examples or a default. */
function schemasWithExamples(value: unknown, path = '#'): { path: string; schema: JsonSchema }[] {
  if (typeof value !== 'object' || value === null) return [];
  const here = value as JsonSchema;
  const below = Object.entries(here).flatMap(([key, child]) => schemasWithExamples(child, `${path}/${key}`));
  const isSchema = Array.isArray(here['examples']) || 'default' in here;
  return isSchema && !path.endsWith('/responses') ? [{ path, schema: here }, ...below] : below;
}

describe('examples are valid', () => {
  const found = schemasWithExamples(document);

  test('there are some', () => {
    expect(found.length).toBeGreaterThan(20);
  });

  test.each(found.map(({ path, schema }) => [path, schema] as const))('%s', (_path, schema) => {
    const { examples = [], default: byDefault, ...rules } = schema;
    for (const example of examples as unknown[]) expect(faults(rules, example)).toEqual([]);
    if (byDefault !== undefined) expect(faults(rules, byDefault)).toEqual([]);
  });

  const media = operations.flatMap(({ path, operation }) => [
    ...Object.entries(operation.requestBody?.content ?? {}).map(
      ([type, content]) => [`${path} ${type}`, content] as const,
    ),
    ...responsesOf(operation).flatMap(([status, { content = {} }]) =>
      Object.entries(content).map(([type, one]) => [`${path} ${status} ${type}`, one] as const),
    ),
  ]);
  test.each(media)('%s', (name, { schema, examples = {} }: MediaType) => {
    if (!/text\/|openapi/.test(name)) expect(Object.keys(examples).length).toBeGreaterThan(0);
    for (const { value } of Object.values(examples)) expect(faults(schema, value)).toEqual([]);
  });

  test('of parameters and headers', () => {
    const parameters = operations.flatMap(({ operation }) => operation.parameters ?? []);
    for (const { schema, example } of [...parameters, ...Object.values(document.components.headers)]) {
      if (example !== undefined) expect(faults(schema, example)).toEqual([]);
    }
    for (const { required, example } of parameters) if (required) expect(example).toBeDefined();
  });

  test('a wrong one would be found', () => {
    expect(faults({ $ref: '#/components/schemas/DauResponse' }, { ...RETENTION })).not.toEqual([]);
    expect(faults({ type: 'string', format: 'date' }, '2024-02-30')).not.toEqual([]);
  });
});

describe('the schemas that check and the document agree', () => {
  const zodOf: Record<string, z.ZodType> = {
    EventsRequest: eventsRequestSchema,
    EventsResponse: eventsResponseSchema,
    DauResponse: dauResponseSchema,
    ActiveUsersResponse: activeUsersResponseSchema,
    TopEventsResponse: topEventsResponseSchema,
    RetentionResponse: retentionResponseSchema,
    StickinessResponse: stickinessResponseSchema,
    FunnelResponse: funnelResponseSchema,
    EventCountsResponse: eventCountsResponseSchema,
    HealthResponse: healthResponseSchema,
    HealthStatus: healthStatusSchema,
    Problem: problemBodySchema,
  };

  test('JSON examples pass zod, and lose nothing in it', () => {
    const contents = operations.flatMap(({ operation }) => [
      ...Object.values(operation.requestBody?.content ?? {}),
      ...responsesOf(operation).flatMap(([, { content = {} }]) => Object.values(content)),
    ]);
    let checked = 0;
    for (const { schema, examples = {} } of contents) {
      const zod = zodOf[String('$ref' in schema ? schema.$ref : '').replace('#/components/schemas/', '')];
      if (zod === undefined) continue;
      for (const { value } of Object.values(examples)) {
        const parsed = zod.parse(value);
        if (zod !== eventsRequestSchema) expect(parsed).toEqual(value);
        checked += 1;
      }
    }
    expect(checked).toBeGreaterThan(50);
  });

  test('each line of the NDJSON example is an event', () => {
    const examples = operationOf('/events').requestBody?.content['application/x-ndjson']?.examples;
    const lines = String(examples?.['batch']?.value).trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    for (const line of lines) {
      const event: unknown = JSON.parse(line);
      expect(eventSchema.safeParse(event)).toMatchObject({ success: true });
      expect(faults({ $ref: '#/components/schemas/Event' }, event)).toEqual([]);
    }
  });

  test('each problem stands under its own status, and each code is told somewhere', () => {
    const told = new Set<string>();
    for (const { operation } of operations) {
      for (const [status, { content }] of responsesOf(operation)) {
        for (const { value } of Object.values(content?.['application/problem+json']?.examples ?? {})) {
          const problem = problemBodySchema.parse(value);
          told.add(problem.code);
          expect(problem).toMatchObject(PROBLEMS[problem.code]);
          if (status !== 'default') expect(String(problem.status)).toBe(status);
        }
      }
    }
    const withoutOwnCode: ProblemCode[] = ['payload_too_large', 'unprocessable', 'unavailable'];
    expect([...told, ...withoutOwnCode].sort()).toEqual([...PROBLEM_CODES].sort());
  });

  test('the retention example adds up', () => {
    const { cohorts, average, windows } = RETENTION;
    for (const { size, retained, rates, complete } of cohorts) {
      expect([retained.length, rates.length, complete.length]).toEqual(Array(3).fill(windows + 1));
      expect(rates).toEqual(retained.map((count) => (count === null || size === 0 ? null : count / size)));
    }
    expect(average).toEqual(
      Array.from({ length: windows + 1 }, (_, n) => {
        const complete = cohorts.filter((cohort) => cohort.complete[n]);
        const size = complete.reduce((sum, cohort) => sum + cohort.size, 0);
        return size === 0 ? null : complete.reduce((sum, { retained }) => sum + (retained[n] ?? 0), 0) / size;
      }),
    );
  });
});
