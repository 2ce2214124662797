import type postgres from 'postgres';
import type { Parameter } from './prepared.js';

type Parameters = readonly postgres.ParameterOrFragment<never>[];

/** The tagged template of one connection; also makes the fragments that a statement is put together from. */
export interface Sql {
  <T extends readonly (object | undefined)[] = postgres.Row[]>(
    template: TemplateStringsArray,
    ...parameters: Parameters
  ): postgres.PendingQuery<T>;
  /** Text as it is, several statements if need be. Never with anything in it that came from outside. */
  unsafe(text: string): postgres.PendingQuery<postgres.Row[]>;
  /** A statement that the server remembers, its parameters $1, $2, …: see prepared.ts. Of each row the values, in order. */
  prepared<Row extends readonly unknown[]>(text: string, parameters: Parameter[]): PromiseLike<Row[]>;
}

export interface RunOptions {
  /** How long the whole may take before the connection is given up; default: the database's answerTimeoutMs. */
  answerTimeoutMs?: number;
}

export interface TransactionOptions extends RunOptions {
  readOnly?: boolean;
  /** All statements see the database as it was when the first one began. Default: each as of its own beginning. */
  repeatableRead?: boolean;
  /** SET LOCAL statement_timeout. */
  statementTimeoutMs?: number;
  /** SET LOCAL lock_timeout: a statement that waits for a lock for longer fails with 55P03. */
  lockTimeoutMs?: number;
  /** For how long the server waits for the next statement; then it undoes all and closes the connection. Default: 60 s. */
  idleTimeoutMs?: number;
  /**
   * Each statement is planned for its own parameters, and for the tables as they are by then: a plan that was made for all
   * parameters while a table was empty may read all of it for each of them later.
   */
  customPlans?: boolean;
}

/**
 * A bounded pool of connections. Each is one caller's at a time, so nothing queues behind another's
 * slow statement, and one that fails is thrown away, so no state outlives the failure.
 */
export interface Database {
  /** A connection for `work` alone, until what it returns is settled; each statement commits by itself. */
  run<T>(work: (sql: Sql) => PromiseLike<T>, options?: RunOptions): Promise<T>;
  /**
   * A transaction: committed when `work` resolves, rolled back when it rejects.
   * @throws what `work` throws; DatabaseError `connection_lost` when the connection went away meanwhile
   */
  transaction<T>(work: (sql: Sql) => Promise<T>, options?: TransactionOptions): Promise<T>;
  /** Lets what runs finish for `timeout` seconds (default: for ever), refuses what is new. */
  end(options?: { timeout?: number }): Promise<void>;
}
