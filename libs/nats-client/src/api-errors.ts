import { NatsError } from 'nats';

// https://github.com/nats-io/nats-server/blob/main/server/errors.json
export const JS_CONSUMER_NOT_FOUND = 10014;
export const JS_INSUFFICIENT_RESOURCES = 10023;
export const JS_NO_ACCOUNT_RESOURCES = 10002;
export const JS_MEMORY_EXCEEDED = 10028;
export const JS_NO_MESSAGE_FOUND = 10037;
export const JS_STORAGE_EXCEEDED = 10047;
export const JS_STREAM_NAME_IN_USE = 10058;
export const JS_STREAM_NOT_FOUND = 10059;
export const JS_STREAM_NOT_MATCH = 10060;
export const JS_STREAM_STORE_FAILED = 10077;

/** JetStream's own error number of an API answer, if the error carries one. */
export function jetStreamErrorCode(error: unknown): number | undefined {
  return error instanceof NatsError ? error.api_error?.err_code : undefined;
}

/** Nobody listens on the subject: the stream, its consumer or JetStream itself is not there. */
export function isNoResponders(error: unknown): boolean {
  return error instanceof NatsError && error.code === '503' && error.api_error === undefined;
}
