import type { TokenBucket } from './token-bucket.js';

interface Bucket {
  tokens: number;
  atMs: number;
}

/**
 * The same bucket in this process' memory, for while Redis is away: each process then limits by itself.
 *
 * @param o.maxKeys  buckets kept; beyond it the one unused for longest is forgotten, i.e. full again
 * @param o.clock    milliseconds, e.g. `performance.now`
 */
export function createLocalTokenBucket(o: {
  capacity: number;
  windowSeconds: number;
  maxKeys: number;
  clock: () => number;
}): TokenBucket {
  const msPerToken = (o.windowSeconds * 1_000) / o.capacity;
  // A Map keeps the order of insertion: taking a key out and putting it back makes it the youngest.
  const buckets = new Map<string, Bucket>();

  return {
    take(key) {
      const nowMs = o.clock();
      const bucket = buckets.get(key) ?? { tokens: o.capacity, atMs: nowMs };
      buckets.delete(key);
      const refilled = Math.max(0, nowMs - bucket.atMs) / msPerToken;
      let tokens = Math.min(o.capacity, bucket.tokens + refilled);
      const allowed = tokens >= 1;
      if (allowed) tokens -= 1;
      buckets.set(key, { tokens, atMs: nowMs });
      forgetOldest();
      return Promise.resolve({
        allowed,
        remaining: Math.floor(tokens),
        retryAfterMs: tokens < 1 ? Math.ceil((1 - tokens) * msPerToken) : 0,
        resetMs: Math.ceil((o.capacity - tokens) * msPerToken),
      });
    },
  };

  function forgetOldest() {
    if (buckets.size <= o.maxKeys) return;
    const oldest = buckets.keys().next();
    if (!oldest.done) buckets.delete(oldest.value);
  }
}
