import { ErrorCode, NatsError } from 'nats';
import {
  isNoResponders,
  JS_INSUFFICIENT_RESOURCES,
  JS_MEMORY_EXCEEDED,
  JS_NO_ACCOUNT_RESOURCES,
  JS_STORAGE_EXCEEDED,
  JS_STREAM_NOT_MATCH,
  JS_STREAM_STORE_FAILED,
  jetStreamErrorCode,
} from './api-errors.js';
import { StreamUnavailableError } from './errors.js';

const FULL_CODES: ReadonlySet<number> = new Set([
  JS_STREAM_STORE_FAILED,
  JS_INSUFFICIENT_RESOURCES,
  JS_NO_ACCOUNT_RESOURCES,
  JS_MEMORY_EXCEEDED,
  JS_STORAGE_EXCEEDED,
]);

/** What a failed JetStream publish means for the message. */
export function toStreamUnavailable(error: unknown, sessionEnded: boolean): StreamUnavailableError {
  const refused = (code: StreamUnavailableError['code'], message: string): StreamUnavailableError =>
    new StreamUnavailableError(code, 'refused', message, { cause: error });
  if (isNoResponders(error)) return refused('no_stream', 'no stream listens on the subject');
  const apiCode = jetStreamErrorCode(error);
  if (apiCode === JS_STREAM_NOT_MATCH) return refused('no_stream', 'another stream listens on the subject');
  if (apiCode !== undefined) {
    const text = error instanceof NatsError ? (error.api_error?.description ?? '') : '';
    if (FULL_CODES.has(apiCode)) return refused('stream_full', `the stream takes no more: ${text}`);
    return refused('rejected', `the stream rejected it: ${text}`);
  }
  if (error instanceof NatsError && error.code === String(ErrorCode.MaxPayloadExceeded)) {
    return refused('too_large', 'larger than max_payload of the server');
  }
  // The driver reports a closed connection to waiting requests as their timeout.
  if (sessionEnded) {
    return new StreamUnavailableError('disconnected', 'unknown', 'connection lost before the PubAck', {
      cause: error,
    });
  }
  if (error instanceof NatsError && error.code === String(ErrorCode.Timeout)) {
    return new StreamUnavailableError('timeout', 'unknown', 'no PubAck in time', { cause: error });
  }
  return new StreamUnavailableError('rejected', 'unknown', 'publish failed', { cause: error });
}
