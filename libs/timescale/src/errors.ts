/** What this library refuses by itself; what PostgreSQL refuses is classified by classifyDatabaseError. */
export type DatabaseErrorCode =
  /** An applied migration's text is not the one that was applied. */
  | 'migration_edited'
  /** The database has a migration that this code does not know: it is newer. */
  | 'schema_newer'
  /** The database was made for a storage that this server does not offer. */
  | 'storage_missing'
  /** No answer in time; what was asked may have been done or not. */
  | 'answer_timeout'
  /** The connection went away in the middle of a transaction, which is thereby undone. */
  | 'connection_lost'
  /** The pool was ended. */
  | 'pool_ended'
  /** More callers wait for a connection than the pool lets wait, or one waited for too long. */
  | 'pool_exhausted'
  /** COMMIT answered ROLLBACK: a statement had failed and its error was swallowed. */
  | 'commit_refused'
  /** What had just been written was removed again, as often as it was written. */
  | 'events_vanish'
  /** A count that JavaScript cannot hold exactly. */
  | 'count_too_large'
  /** Users or types have used up all the numbers that the index has for them. */
  | 'numbers_exhausted'
  /** More waits in the activity log than can be compared. */
  | 'index_behind';

export class DatabaseError extends Error {
  override readonly name: string = 'DatabaseError';

  constructor(
    readonly code: DatabaseErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A statistic took longer than it was allowed to, and was stopped. */
export class StatementTimeoutError extends Error {
  override readonly name = 'StatementTimeoutError';

  constructor(
    readonly timeoutMs: number,
    options?: ErrorOptions,
  ) {
    super(`the statement was stopped after ${timeoutMs} ms`, options);
  }
}

/**
 * The statistic needs events that were dropped. It would have to answer from what is left, which is another
 * question than the one that was asked.
 */
export class RawDataDroppedError extends Error {
  override readonly name = 'RawDataDroppedError';

  constructor(
    /** Events from before it are gone: RFC 3339, UTC. */
    readonly retainedFrom: string,
  ) {
    super(`events from before ${retainedFrom} were dropped`);
  }
}
