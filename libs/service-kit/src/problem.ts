import { PROBLEMS, type ProblemBody, type ProblemCode } from '@event-analytics/api-contract';

/** One thing that is wrong: where, and what to do about it. */
export interface ProblemDetail {
  path: string;
  code: string;
  message: string;
  index?: number;
  event_id?: string | null;
  line?: number;
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

  /** What is sent; `errors` is whatever the refusing code found, in the contract's form. */
  body(requestId: string): Omit<ProblemBody, 'errors'> & { errors?: readonly ProblemDetail[] } {
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

  static badRequest(detail: string, o: { code?: ProblemCode; cause?: unknown } = {}): HttpProblem {
    return new HttpProblem(o.code ?? 'bad_request', detail, { cause: o.cause });
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
  static payloadTooLarge(detail: string, code: ProblemCode = 'payload_too_large'): HttpProblem {
    return new HttpProblem(code, detail);
  }
  static unsupportedMediaType(detail: string, code: ProblemCode = 'unsupported_media_type'): HttpProblem {
    return new HttpProblem(code, detail);
  }
  static unprocessable(
    detail: string,
    errors: readonly ProblemDetail[],
    code: ProblemCode = 'unprocessable',
  ): HttpProblem {
    return new HttpProblem(code, detail, { errors });
  }
  static tooMany(detail: string, retryAfterSeconds: number): HttpProblem {
    return new HttpProblem('rate_limited', detail, retryAfter(retryAfterSeconds));
  }
  static unavailable(
    detail: string,
    retryAfterSeconds: number,
    o: { code?: ProblemCode; cause?: unknown } = {},
  ): HttpProblem {
    return new HttpProblem(o.code ?? 'unavailable', detail, {
      ...retryAfter(retryAfterSeconds),
      cause: o.cause,
    });
  }
  static internal(cause: unknown): HttpProblem {
    return new HttpProblem('internal', 'Something went wrong on our side; it has been logged.', { cause });
  }
}

const retryAfter = (seconds: number) => ({
  headers: { 'Retry-After': String(Math.max(1, Math.ceil(seconds))) },
});
