/**
 * The drivers' own errors, as a simulated server has them thrown: the libs tell failures apart by these classes. The
 * one place of the simulation that imports drivers.
 */
// eslint-disable-next-line no-restricted-imports -- simulated servers throw what the driver throws
import { ReplyError } from 'ioredis';
// eslint-disable-next-line no-restricted-imports -- simulated servers throw what the driver throws
import { createInbox, ErrorCode, NatsError } from 'nats';
// eslint-disable-next-line no-restricted-imports -- simulated servers throw what the driver throws
import postgres from 'postgres';

/** What PostgreSQL refuses, by its SQLSTATE. */
export function postgresError(sqlState: string): Error {
  const fields = { message: `SQLSTATE ${sqlState}`, severity: 'ERROR', code: sqlState };
  // It takes the fields of the server's answer, of which its types say nothing.
  return Reflect.construct(postgres.PostgresError, [fields]) as Error;
}

/** What Node says of a connection, by its code. */
export function connectionError(code: 'ECONNREFUSED' | 'CONNECTION_CLOSED'): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

const ReplyErrorClass = ReplyError as new (message: string) => Error;

/** What Redis refuses. */
export function redisReplyError(message: string): Error {
  return new ReplyErrorClass(message);
}

export function natsTimeout(): Error {
  return NatsError.errorForCode(ErrorCode.Timeout);
}

/** Nobody listens on a subject. */
export function natsNoResponders(): Error {
  return NatsError.errorForCode(ErrorCode.NoResponders);
}

/** JetStream's refusal, by its own number. */
export function jetStreamError(errorCode: number, description: string): Error {
  const error = new NatsError(description, ErrorCode.JetStreamNotEnabled);
  error.api_error = { code: 400, err_code: errorCode, description };
  return error;
}

/** Whether it is one of those three, which a client is told. */
export function isNatsError(error: unknown): error is Error {
  return error instanceof NatsError;
}

/** What the drivers decide by chance once in the life of a process: before a seed is to decide everything. */
export function settleDrivers(): void {
  createInbox();
}
