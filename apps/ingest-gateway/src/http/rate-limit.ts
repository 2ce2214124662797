import type { ServerResponse } from 'node:http';
import type { TokenBucket, TokenBucketResult } from '@event-analytics/redis';
import { HttpProblem } from '@event-analytics/service-kit';

const POLICY = '"default"';

/**
 * Takes a token for a request, of whatever kind; throws the problem where there is none. Every answer tells the client
 * where it stands, after draft-ietf-httpapi-ratelimit-headers-10: `r` requests are left, in `t` seconds the bucket is
 * full (with 429: one token is there, the same instant as Retry-After).
 */
export type RateLimit = (clientKey: string, response: ServerResponse) => Promise<void>;

export function createRateLimit(o: {
  bucket: TokenBucket;
  capacity: number;
  windowSeconds: number;
  onExceeded: () => void;
}): RateLimit {
  const policy = `${POLICY};q=${o.capacity};w=${o.windowSeconds}`;
  return async (clientKey, response) => {
    const result = await o.bucket.take(clientKey);
    response.setHeader('RateLimit-Policy', policy);
    response.setHeader('RateLimit', `${POLICY};r=${result.remaining};t=${secondsUntil(result)}`);
    if (result.allowed) return;
    o.onExceeded();
    throw HttpProblem.tooMany('Too many requests.', secondsUntil(result));
  };
}

function secondsUntil(result: TokenBucketResult): number {
  return Math.ceil((result.allowed ? result.resetMs : result.retryAfterMs) / 1_000);
}
