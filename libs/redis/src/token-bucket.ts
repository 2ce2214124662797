import type { RedisConnection } from './connection.js';
import { redisFailureCode, type RedisFailureCode } from './errors.js';
import { loadScript } from './script.js';

export interface TokenBucketResult {
  allowed: boolean;
  /** whole tokens left */
  remaining: number;
  /** until a token is there; 0 when one is */
  retryAfterMs: number;
  /** until the bucket is full */
  resetMs: number;
}

export interface TokenBucket {
  take(key: string): Promise<TokenBucketResult>;
}

/**
 * A bucket a key in Redis, shared by every process: `capacity` tokens, refilled evenly over `windowSeconds`
 * by Redis' clock. One call, one round trip. Rejects when Redis can't say: see `createFallbackTokenBucket`.
 */
export function createTokenBucket(
  redis: RedisConnection,
  o: { keyPrefix: string; capacity: number; windowSeconds: number },
): TokenBucket {
  const takeToken = loadScript(new URL('./take_token-1.lua', import.meta.url));
  const windowMs = o.windowSeconds * 1_000;
  return {
    async take(key) {
      const reply = await redis.run((client) =>
        takeToken(client, [`${o.keyPrefix}bucket:${key}`], [o.capacity, windowMs]),
      );
      const [allowed, remaining, retryAfterMs, resetMs] = reply as [number, number, number, number];
      return { allowed: allowed === 1, remaining, retryAfterMs, resetMs };
    },
  };
}

/** Takes from `primary`, and from `fallback` whenever that fails. */
export function createFallbackTokenBucket(o: {
  primary: TokenBucket;
  fallback: TokenBucket;
  onFailure?: (code: RedisFailureCode) => void;
}): TokenBucket {
  return {
    async take(key) {
      try {
        return await o.primary.take(key);
      } catch (error) {
        o.onFailure?.(redisFailureCode(error));
        return o.fallback.take(key);
      }
    },
  };
}
