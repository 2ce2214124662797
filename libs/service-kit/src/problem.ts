/** Every kind of refusal, its status and title. Clients may switch on the codes: none is ever renamed. */
export const PROBLEMS = {
  bad_request: { status: 400, title: 'Bad request' },
  missing_api_key: { status: 401, title: 'API key missing' },
  invalid_api_key: { status: 401, title: 'API key unknown' },
  missing_scope: { status: 403, title: 'API key without this scope' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  request_timeout: { status: 408, title: 'Request too slow' },
  payload_too_large: { status: 413, title: 'Request too large' },
  unsupported_media_type: { status: 415, title: 'Unsupported media type' },
  unprocessable: { status: 422, title: 'Invalid content' },
  rate_limited: { status: 429, title: 'Too many requests' },
  headers_too_large: { status: 431, title: 'Request headers too large' },
  internal: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'Temporarily unavailable' },
} as const;

export type ProblemCode = keyof typeof PROBLEMS;

/** One thing that is wrong: where, and what to do about it. */
export interface ProblemDetail {
  path: string;
  code: string;
  message: string;
  index?: number;
  event_id?: string | null;
  line?: number;
}

/** The body of every answer that isn't a success (RFC 9457, application/problem+json). */
export interface ProblemBody {
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  request_id: string;
  errors?: readonly ProblemDetail[];
}

interface ProblemOptions {
  errors?: readonly ProblemDetail[];
  headers?: Record<string, string>;
  cause?: unknown;
}

/**
 * A refusal that knows its HTTP form; only the last step before the answer makes or reads one. The
 * detail goes to the client, so it never holds a dependency's own words.
 */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly errors: readonly ProblemDetail[] | undefined;
  readonly headers: Record<string, string>;

  constructor(
    readonly code: ProblemCode,
    detail: string,
    o: ProblemOptions = {},
  ) {
    super(detail, o.cause === undefined ? undefined : { cause: o.cause });
    this.status = PROBLEMS[code].status;
    this.errors = o.errors;
    this.headers = o.headers ?? {};
  }

  body(requestId: string): ProblemBody {
    return {
      type: 'about:blank',
      title: PROBLEMS[this.code].title,
      status: this.status,
      code: this.code,
      detail: this.message,
      request_id: requestId,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }

  static badRequest(detail: string, cause?: unknown): HttpProblem {
    return new HttpProblem('bad_request', detail, { cause });
  }
  static missingApiKey(): HttpProblem {
    return new HttpProblem(
      'missing_api_key',
      'Send an API key: Authorization: Bearer KEY, or X-API-Key: KEY.',
      {
        headers: { 'WWW-Authenticate': 'Bearer' },
      },
    );
  }
  static invalidApiKey(): HttpProblem {
    return new HttpProblem('invalid_api_key', 'This API key is not known here.', {
      headers: { 'WWW-Authenticate': 'Bearer error="invalid_token"' },
    });
  }
  static missingScope(scope: string): HttpProblem {
    return new HttpProblem('missing_scope', `This API key does not have the scope ${scope}.`, {
      headers: { 'WWW-Authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
    });
  }
  static notFound(path: string): HttpProblem {
    return new HttpProblem('not_found', `There is nothing at ${path.slice(0, 200)}. See /docs.`);
  }
  static methodNotAllowed(method: string, allowed: readonly string[]): HttpProblem {
    const allow = allowed.join(', ');
    return new HttpProblem('method_not_allowed', `${method} is not possible here, only ${allow}.`, {
      headers: { Allow: allow },
    });
  }
  static payloadTooLarge(detail: string): HttpProblem {
    return new HttpProblem('payload_too_large', detail);
  }
  static unsupportedMediaType(detail: string): HttpProblem {
    return new HttpProblem('unsupported_media_type', detail);
  }
  static unprocessable(detail: string, errors: readonly ProblemDetail[]): HttpProblem {
    return new HttpProblem('unprocessable', detail, { errors });
  }
  static tooMany(detail: string, retryAfterSeconds: number): HttpProblem {
    return new HttpProblem('rate_limited', detail, retryAfter(retryAfterSeconds));
  }
  static unavailable(detail: string, retryAfterSeconds: number, cause?: unknown): HttpProblem {
    return new HttpProblem('unavailable', detail, { ...retryAfter(retryAfterSeconds), cause });
  }
  static internal(cause: unknown): HttpProblem {
    return new HttpProblem('internal', 'Something went wrong on our side; it has been logged.', { cause });
  }
}

const retryAfter = (seconds: number) => ({
  headers: { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) },
});
