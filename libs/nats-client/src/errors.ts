export type StreamUnavailableCode =
  /** No PubAck in time: the message may or may not be in the stream. */
  | 'timeout'
  /** No connection now (refused), or it broke while waiting for the PubAck (unknown). */
  | 'disconnected'
  /** Nobody listens on the subject: the stream is gone, or JetStream is. */
  | 'no_stream'
  /** `max_msgs` or the server's storage limit is reached; nothing was evicted. */
  | 'stream_full'
  /** Too many bytes wait for a server that does not take them. */
  | 'congested'
  /** One before it was not answered in time, and no probe was since: not sent. */
  | 'breaker_open'
  /** STRICT_DURABILITY, and the server is not known to sync before it acknowledges: not sent. */
  | 'not_durable'
  /** Larger than the server's max_payload. */
  | 'too_large'
  /** The server answered with another error. */
  | 'rejected';

/** A publish that cannot be promised. `refused` = certainly not in the stream, `unknown` = it may be. */
export class StreamUnavailableError extends Error {
  readonly code: StreamUnavailableCode;
  readonly outcome: 'unknown' | 'refused';

  constructor(
    code: StreamUnavailableCode,
    outcome: 'unknown' | 'refused',
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'StreamUnavailableError';
    this.code = code;
    this.outcome = outcome;
  }
}

/** The server or an existing stream is configured so that promises would be broken: not to be retried. */
export class StreamConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StreamConfigError';
  }
}
