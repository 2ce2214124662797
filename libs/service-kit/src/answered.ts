import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from './logger.js';
import type { Metrics } from './metrics.js';

/** For whoever opens an answer in a browser: it is data, and nothing in it is run, framed or guessed at. */
const PROTECTION = [
  ['X-Content-Type-Options', 'nosniff'],
  ['Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'"],
  ['Referrer-Policy', 'no-referrer'],
] as const;

const REQUEST_ID = /^[A-Za-z0-9._:@/+=-]{1,128}$/;

/** The request's id, its own or a new one; the answer carries it, and what every answer has. */
export function identified(request: IncomingMessage, response: ServerResponse): string {
  const given = request.headers['x-request-id'];
  const requestId = typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
  // Not Express' set(), which looks into each value: these are ours, or looked into already.
  response.setHeader('X-Request-Id', requestId);
  for (const [name, value] of PROTECTION) response.setHeader(name, value);
  return requestId;
}

/** Counts and logs the answer when it is over. */
export function accounted(
  response: ServerResponse,
  o: { requestId: string; method: string; endpoint: () => string; log: Logger; metrics: Metrics },
): void {
  const beganMs = performance.now();
  response.once('close', () => {
    const endpoint = o.endpoint();
    const status = response.writableFinished || response.headersSent ? response.statusCode : 499;
    o.metrics.requestAnswered(endpoint, status);
    o.log[levelOf(status)]('request_answered', {
      request_id: o.requestId,
      method: o.method,
      endpoint,
      status,
      duration_seconds: Math.round(performance.now() - beganMs) / 1_000,
    });
  });
}

/** A client that goes on past its limit is counted, and would otherwise fill the log. */
function levelOf(status: number): 'debug' | 'info' | 'warn' {
  if (status >= 500) return 'warn';
  return status >= 400 && status !== 429 ? 'info' : 'debug';
}
