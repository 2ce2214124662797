import { ReplyError } from 'ioredis';

/** Why a call to Redis brought nothing; closed, so that it can be a metric's label. */
export type RedisFailureCode =
  'timeout' | 'breaker_open' | 'overloaded' | 'disconnected' | 'out_of_memory' | 'reply_error';

export class RedisUnavailableError extends Error {
  override readonly name = 'RedisUnavailableError';
  constructor(
    readonly code: Extract<RedisFailureCode, 'timeout' | 'breaker_open' | 'overloaded'>,
    message: string,
  ) {
    super(message);
  }
}

/** A Redis that refuses a command is alive: that says nothing against the next command. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof ReplyError;
}

export function redisFailureCode(error: unknown): RedisFailureCode {
  if (error instanceof RedisUnavailableError) return error.code;
  if (!isReplyError(error)) return 'disconnected';
  return error.message.startsWith('OOM ') ? 'out_of_memory' : 'reply_error';
}
