import { PROBLEMS, type ProblemCode } from '../problem-codes.js';
import type { ParameterProblem } from '../parameter-problem.js';
import type { Header, MediaType, Reference, Response } from './openapi-document.js';
import { schemaReference, type SchemaName } from './schemas.js';

export const REQUEST_ID = '5f2c1f0e-6f0b-4f3b-9a53-6b1f6d0c4a11';

export const ETAG = 'W/"4f2a-1c7e9b0d5a83"';

export const HEADERS = {
  'X-Request-Id': {
    description: 'Names this request in the logs: the X-Request-Id that was sent, or a new one.',
    schema: { type: 'string' },
    example: REQUEST_ID,
  },
  'Retry-After': {
    description: 'Seconds after which to try again.',
    schema: { type: 'integer', minimum: 1 },
    example: 1,
  },
  RateLimit: {
    description:
      'Requests left (`r`), and the seconds until the bucket is full again (`t`; with 429: until there is a request again).',
    schema: { type: 'string' },
    example: '"default";r=999;t=1',
  },
  'RateLimit-Policy': {
    description: 'Requests of a full bucket (`q`), and the seconds over which an empty one refills (`w`).',
    schema: { type: 'string' },
    example: '"default";q=1000;w=60',
  },
  ETag: {
    description:
      'Weak: the version of the rows that the answer was made of, and the question. To be sent back as `If-None-Match`. Absent where the answer was computed from the events.',
    schema: { type: 'string' },
    example: ETAG,
  },
  'Cache-Control': {
    description:
      'Keep the answer, but ask each time whether it still holds: a late event changes a past day too.',
    schema: { type: 'string', const: 'no-cache' },
    example: 'no-cache',
  },
  'WWW-Authenticate': {
    description: 'How to show a key (RFC 6750).',
    schema: { type: 'string' },
    example: 'Bearer',
  },
  Allow: {
    description: 'The methods that are possible here.',
    schema: { type: 'string' },
    example: 'GET, HEAD',
  },
} as const satisfies Record<string, Header>;

export type HeaderName = keyof typeof HEADERS;

const headerReferences = (names: readonly HeaderName[]): Record<string, Reference> =>
  Object.fromEntries(
    ['X-Request-Id' as const, ...names].map((name) => [name, { $ref: `#/components/headers/${name}` }]),
  );

/** A success as JSON, with its example. */
export function jsonResponse(
  description: string,
  o: { schema: SchemaName; examples: NonNullable<MediaType['examples']>; headers?: readonly HeaderName[] },
): Response {
  return {
    description,
    headers: headerReferences(o.headers ?? []),
    content: { 'application/json': { schema: schemaReference(o.schema), examples: o.examples } },
  };
}

export function textResponse(description: string, mediaType: string): Response {
  return {
    description,
    headers: headerReferences([]),
    content: { [mediaType]: { schema: { type: 'string' } } },
  };
}

/** A 304: headers alone. */
export const notModifiedResponse = (description: string, headers: readonly HeaderName[]): Response => ({
  description,
  headers: headerReferences(headers),
});

interface ProblemExample {
  /** Tells examples of one code apart. Default: the code. */
  name?: string;
  code: ProblemCode;
  detail: string;
  errors?: readonly (ParameterProblem | Record<string, unknown>)[];
}

/** A refusal as problem+json, with an example of each of the codes given. */
export function problemResponse(
  description: string,
  o: { problems: readonly ProblemExample[]; headers?: readonly HeaderName[] },
): Response {
  return {
    description: `${description} Codes: ${[...new Set(o.problems.map(({ code }) => `\`${code}\``))].join(', ')}.`,
    headers: headerReferences(o.headers ?? []),
    content: {
      'application/problem+json': {
        schema: schemaReference('Problem'),
        examples: Object.fromEntries(
          o.problems.map((problem) => [problem.name ?? problem.code, exampleOf(problem)]),
        ),
      },
    },
  };
}

function exampleOf({ code, detail, errors }: ProblemExample): { summary: string; value: unknown } {
  const { status, title } = PROBLEMS[code];
  const problem = { type: 'about:blank', title, status, code, detail, request_id: REQUEST_ID };
  return { summary: title, value: errors === undefined ? problem : { ...problem, errors } };
}
