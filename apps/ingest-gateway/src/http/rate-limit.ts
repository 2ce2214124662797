import type { TokenBucket, TokenBucketResult } from '@event-analytics/redis';
import { HttpProblem } from '@event-analytics/service-kit';
import type { Request, RequestHandler, Response } from 'express';
import { clientKey } from './client-key.js';

const POLICY = '"default"';

/**
 * Takes a token for each request, of whatever kind. Every answer tells the client where it stands, after
 * draft-ietf-httpapi-ratelimit-headers-10: `r` requests are left, in `t` seconds the bucket is full (with
 * 429: one token is there, the same instant as Retry-After).
 */
export function rateLimit(o: {
  bucket: TokenBucket;
  capacity: number;
  windowSeconds: number;
  onExceeded: () => void;
}): RequestHandler {
  const policy = `${POLICY};q=${o.capacity};w=${o.windowSeconds}`;
  return async (request: Request, response: Response, next) => {
    const apiKeyName = response.locals['apiKeyName'] as string | undefined;
    const result = await o.bucket.take(clientKey(apiKeyName, request.ip));
    response.setHeader('RateLimit-Policy', policy);
    response.setHeader('RateLimit', `${POLICY};r=${result.remaining};t=${secondsUntil(result)}`);
    if (!result.allowed) {
      o.onExceeded();
      throw HttpProblem.tooMany('Too many requests.', secondsUntil(result));
    }
    next();
  };
}

function secondsUntil(result: TokenBucketResult): number {
  return Math.ceil((result.allowed ? result.resetMs : result.retryAfterMs) / 1_000);
}
