import postgres from 'postgres';
import { DatabaseError, StatementTimeoutError, type DatabaseErrorCode } from './errors.js';

/**
 * poison: if the event was alone in its statement, the event is at fault and never will be stored.
 * retryable: the server's or the network's state; the same again later may succeed.
 * fault: ours (schema, permissions, a bug); worth an alarm, and a retry, for somebody may mend it.
 */
export type DatabaseErrorKind = 'retryable' | 'poison' | 'fault';

export interface DatabaseErrorClass {
  kind: DatabaseErrorKind;
  /** PostgreSQL's five characters, where the server answered. */
  sqlState?: string;
  /** What it is called: the SQLSTATE's condition name, or the code of the driver or the system. */
  name?: string;
}

/** https://www.postgresql.org/docs/15/errcodes-appendix.html */
const POISON: Record<string, string> = {
  '22001': 'string_data_right_truncation',
  '22003': 'numeric_value_out_of_range',
  '22007': 'invalid_datetime_format',
  '22008': 'datetime_field_overflow',
  '22021': 'character_not_in_repertoire',
  '22P02': 'invalid_text_representation',
  '22P05': 'untranslatable_character',
  '54000': 'program_limit_exceeded',
  '54001': 'statement_too_complex',
};

const RETRYABLE: Record<string, string> = {
  '25006': 'read_only_sql_transaction', // a standby that was or will be the primary
  '25P03': 'idle_in_transaction_session_timeout',
  '40001': 'serialization_failure',
  '40P01': 'deadlock_detected',
  '53000': 'insufficient_resources',
  '53100': 'disk_full',
  '53200': 'out_of_memory',
  '53300': 'too_many_connections',
  '53400': 'configuration_limit_exceeded',
  '55P03': 'lock_not_available',
  '57014': 'query_canceled',
  '57P01': 'admin_shutdown',
  '57P02': 'crash_shutdown',
  '57P03': 'cannot_connect_now',
  '57P05': 'idle_session_timeout',
  '58000': 'system_error',
  '58030': 'io_error',
};

/** Classes whose every member is a passing state. */
const RETRYABLE_CLASSES: Record<string, string> = {
  '08': 'connection_exception',
  '53': 'insufficient_resources',
};

/** Named because an operator will meet them; unnamed ones are faults as well. */
const FAULTS: Record<string, string> = {
  '2200H': 'sequence_generator_limit_exceeded',
  '23502': 'not_null_violation',
  '23505': 'unique_violation',
  '23514': 'check_violation', // events of a month that has no partition
  '28000': 'invalid_authorization_specification',
  '28P01': 'invalid_password',
  '3D000': 'invalid_catalog_name',
  '42501': 'insufficient_privilege',
  '42703': 'undefined_column',
  '42P01': 'undefined_table',
  XX000: 'internal_error',
};

/** Codes of Node and of the driver for a server that cannot be reached or went away. */
const RETRYABLE_CODES = new Set([
  'CONNECT_TIMEOUT',
  'CONNECTION_CLOSED',
  'CONNECTION_DESTROYED',
  'CONNECTION_ENDED',
  'EAI_AGAIN',
  'ECONNABORTED',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // the socket file of a server that is not up
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
]);

const RETRYABLE_OWN = new Set<DatabaseErrorCode>([
  'answer_timeout',
  'connection_lost',
  'events_vanish',
  'pool_ended',
  'pool_exhausted',
]);

/** What an error of this library, of the driver or of PostgreSQL means for who asked. Never throws. */
export function classifyDatabaseError(error: unknown): DatabaseErrorClass {
  if (error instanceof postgres.PostgresError) return classifySqlState(error.code);
  if (error instanceof StatementTimeoutError)
    return { kind: 'retryable', sqlState: '57014', name: 'query_canceled' };
  if (error instanceof DatabaseError) {
    return { kind: RETRYABLE_OWN.has(error.code) ? 'retryable' : 'fault', name: error.code };
  }
  const code = errorCode(error);
  if (code === undefined) return { kind: 'fault' };
  return { kind: RETRYABLE_CODES.has(code) ? 'retryable' : 'fault', name: code };
}

/** SQLSTATEs of a server that takes no connection, or is closing this one. */
const AWAY_STATES = new Set(['53300', '57P01', '57P02', '57P03']);

/**
 * The server cannot be reached, does not answer, or went away: the next statement would fare no better. A statement
 * that the server stopped because it took too long is an answer.
 */
export function isDatabaseAway(error: unknown): boolean {
  if (error instanceof postgres.PostgresError) {
    return AWAY_STATES.has(error.code) || error.code.startsWith('08');
  }
  if (error instanceof DatabaseError) {
    return error.code === 'answer_timeout' || error.code === 'connection_lost';
  }
  return RETRYABLE_CODES.has(errorCode(error) ?? '');
}

function classifySqlState(sqlState: string): DatabaseErrorClass {
  const poison = POISON[sqlState];
  if (poison !== undefined) return { kind: 'poison', sqlState, name: poison };
  const retryable = RETRYABLE[sqlState] ?? RETRYABLE_CLASSES[sqlState.slice(0, 2)];
  if (retryable !== undefined) return { kind: 'retryable', sqlState, name: retryable };
  const fault = FAULTS[sqlState];
  return { kind: 'fault', sqlState, ...(fault === undefined ? {} : { name: fault }) };
}

/** An AggregateError (both addresses of localhost refused) carries the code of what it holds. */
function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? errorCode(error.errors[0]) : undefined;
}

/** Throws what was thrown, unless it is of a lock that was not to be had in time (55P03). */
export function unlessLocked(error: unknown): undefined {
  if (classifyDatabaseError(error).name !== 'lock_not_available') throw error;
}
