export { createRedisBreaker, type RedisBreaker } from './breaker.js';
export { connectRedis, type RedisConnection, type RedisOptions } from './connection.js';
export { RedisUnavailableError, redisFailureCode, type RedisFailureCode } from './errors.js';
export { createLocalTokenBucket } from './local-token-bucket.js';
export { createSeenIds, type SeenIds } from './seen-ids.js';
export {
  createFallbackTokenBucket,
  createTokenBucket,
  type TokenBucket,
  type TokenBucketResult,
} from './token-bucket.js';
