import postgres from 'postgres';
import type { Database, RunOptions, Sql, TransactionOptions } from './database.js';
import { DatabaseError } from './errors.js';
import { socketOpener } from './open-socket.js';
import type { Parameter } from './prepared.js';

const CONNECT_TIMEOUT_MS = 5_000;
const ANSWER_TIMEOUT_MS = 60_000;
/** What the server may take past its own timeout before it counts as gone. */
const ANSWER_GRACE_MS = 5_000;
const IDLE_TIMEOUT_MS = 60_000;
const WAITING_MAX = 10_000;

export interface ConnectOptions {
  url: string;
  /** Shown in pg_stat_activity. */
  applicationName: string;
  maxConnections: number;
  connectTimeoutMs?: number;
  /** Default statement_timeout of every connection; 0 or absent: the server's. */
  statementTimeoutMs?: number;
  /**
   * A server that is silent for this long is given up, and so is the wait for a free connection (default:
   * statementTimeoutMs + 5 s, else 60 s).
   */
  answerTimeoutMs?: number;
  /** Other settings of each session, as `enable_seqscan`. */
  settings?: Readonly<Record<string, string>>;
  onNotice?: (notice: { severity?: string; message?: string }) => void;
}

export interface DatabasePool extends Database {
  /**
   * Gives up every connection, for a server that is known not to answer: what waits for an answer rejects at once
   * (`connection_lost`), and the next statement gets a connection of its own.
   */
  dropConnections(): void;
}

/** One connection at most, and never used again once it was closed. */
interface Lane {
  sql: postgres.Sql;
  lost: boolean;
  /** Ends what is being done on it. */
  fail: (error: Error) => void;
}

/** A caller for whom no connection was free. */
interface Waiter {
  resolve: (lane: Lane) => void;
  reject: (error: Error) => void;
  timeoutMs: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * A pool of connections to PostgreSQL, opened as they are needed: this never fails and never waits.
 * close it with `end({ timeout })`, seconds.
 */
export function connectDatabase(options: ConnectOptions): DatabasePool {
  const answerTimeoutMs =
    options.answerTimeoutMs ??
    (options.statementTimeoutMs ? options.statementTimeoutMs + ANSWER_GRACE_MS : ANSWER_TIMEOUT_MS);
  const idle: Lane[] = [];
  const busy = new Set<Lane>();
  const waiting: Waiter[] = [];
  let ended: Promise<void> | undefined;
  let allIdle: (() => void) | undefined;

  return { run, transaction, end, dropConnections };

  function run<T>(work: (sql: Sql) => PromiseLike<T>, { answerTimeoutMs }: RunOptions = {}): Promise<T> {
    return withLane(answerTimeoutMs, async (lane) => await work(guarded(lane)));
  }

  function transaction<T>(work: (sql: Sql) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
    return withLane(options.answerTimeoutMs, async (lane) => {
      const sql = guarded(lane);
      await sql.unsafe(beginStatement(options));
      let result: T;
      try {
        result = await work(sql);
      } catch (error) {
        await rollBack(lane);
        throw error;
      }
      const { command } = await sql`commit`;
      if (command !== 'COMMIT') throw new DatabaseError('commit_refused', `commit answered ${command}`);
      return result;
    });
  }

  function end({ timeout }: { timeout?: number } = {}): Promise<void> {
    ended ??= drain(timeout);
    return ended;
  }

  function dropConnections(): void {
    for (const lane of idle.splice(0)) discard(lane);
    for (const lane of busy) {
      lane.lost = true;
      lane.fail(lostError());
    }
  }

  async function drain(timeout: number | undefined): Promise<void> {
    for (const { reject, timer } of waiting.splice(0)) {
      clearTimeout(timer);
      reject(endedError());
    }
    let timer: NodeJS.Timeout | undefined;
    if (busy.size > 0) {
      const finished = new Promise<void>((resolve) => (allIdle = resolve));
      const late = new Promise<void>((resolve) => {
        if (timeout !== undefined) timer = setTimeout(resolve, timeout * 1000);
      });
      await Promise.race([finished, late]);
      clearTimeout(timer);
    }
    await Promise.all([...idle.splice(0), ...busy].map(({ sql }) => sql.end({ timeout: 1 })));
  }

  async function withLane<T>(timeoutMs = answerTimeoutMs, work: (lane: Lane) => Promise<T>): Promise<T> {
    const lane = await acquire(timeoutMs);
    let timer: NodeJS.Timeout | undefined;
    const failed = new Promise<never>((_, reject) => {
      lane.fail = reject;
      if (!Number.isFinite(timeoutMs)) return;
      // One turn later: where this process was busy itself, the answer is there and only not read yet.
      timer = setTimeout(() => setImmediate(() => reject(lateError(timeoutMs))), timeoutMs);
    });
    try {
      return await Promise.race([work(lane), failed]);
    } catch (error) {
      if (!isAnswer(error)) lane.lost = true;
      throw error;
    } finally {
      clearTimeout(timer);
      release(lane);
    }
  }

  /** @param timeoutMs how long to wait for one that is in use */
  function acquire(timeoutMs: number): Promise<Lane> {
    if (ended !== undefined) return Promise.reject(endedError());
    for (let lane = idle.pop(); lane !== undefined; lane = idle.pop()) {
      if (lane.lost) discard(lane);
      else return Promise.resolve(taken(lane));
    }
    if (busy.size < options.maxConnections) return Promise.resolve(taken(openLane()));
    if (waiting.length >= WAITING_MAX) {
      return Promise.reject(
        new DatabaseError('pool_exhausted', `${WAITING_MAX} callers wait for a connection`),
      );
    }
    return new Promise((resolve, reject) => {
      const waiter: Waiter = { resolve, reject, timeoutMs, timer: undefined };
      waiting.push(waiter);
      if (!Number.isFinite(timeoutMs)) return;
      waiter.timer = setTimeout(() => {
        waiting.splice(waiting.indexOf(waiter), 1);
        reject(new DatabaseError('pool_exhausted', `no connection was free for ${timeoutMs} ms`));
      }, timeoutMs);
    });
  }

  function taken(lane: Lane): Lane {
    busy.add(lane);
    return lane;
  }

  function release(lane: Lane): void {
    busy.delete(lane);
    if (lane.lost || ended !== undefined) discard(lane);
    else idle.push(lane);
    if (busy.size === 0) allIdle?.();
    const next = waiting.shift();
    if (next === undefined) return;
    clearTimeout(next.timer);
    acquire(next.timeoutMs).then(next.resolve, next.reject);
  }

  function openLane(): Lane {
    const lane: Lane = {
      lost: false,
      fail: () => undefined,
      sql: postgres(options.url, {
        max: 1,
        connect_timeout: (options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS) / 1000,
        idle_timeout: IDLE_TIMEOUT_MS / 1000,
        // Arrays are passed as text: no need to ask every new connection for the array types.
        fetch_types: false,
        // An option of the driver that its types do not know.
        ...{ socket: socketOpener() },
        onnotice: options.onNotice ?? (() => undefined),
        onclose: () => {
          lane.lost = true;
          // The driver forgets a statement that was sent between a socket's error and its close. Where it
          // does not forget, its own error comes first.
          setImmediate(() => lane.fail(lostError()));
        },
        connection: {
          application_name: options.applicationName,
          TimeZone: 'UTC',
          // What is answered as stored survives a crash, whatever the default of the server or the role is.
          synchronous_commit: 'on',
          // The watermark of a write is right only with a snapshot for each statement, taken after its locks.
          default_transaction_isolation: 'read committed',
          // Compiling a plan over many partitions costs more than it saves.
          jit: 'off',
          // A client that vanished in a transaction must not hold its locks for ever.
          idle_in_transaction_session_timeout: 60_000,
          ...options.settings,
          ...(options.statementTimeoutMs ? { statement_timeout: options.statementTimeoutMs } : {}),
        },
      }),
    };
    return lane;
  }
}

/**
 * After a close the driver would connect anew and run the rest of a transaction outside of it, or write
 * to a socket that is gone, which throws where nobody can catch it.
 */
function guarded(lane: Lane): Sql {
  const watched = <Q extends Promise<unknown>>(send: (sql: postgres.Sql) => Q): Q => {
    if (lane.lost) throw lostError();
    const query = send(lane.sql);
    // Promise's own then: the driver's would send the query now, and a fragment is never sent by itself.
    void Promise.prototype.then.call(query, undefined, (error: unknown) => {
      if (!isAnswer(error)) lane.lost = true;
    });
    return query;
  };
  const tag = ((template, ...parameters) => watched((sql) => sql(template, ...parameters))) as Sql;
  tag.unsafe = (text) => watched((sql) => sql.unsafe(text));
  tag.prepared = <Row extends readonly unknown[]>(text: string, parameters: Parameter[]) =>
    watched(
      (sql) => sql.unsafe(text, parameters, { prepare: true }).values() as Promise<unknown> as Promise<Row[]>,
    );
  return tag;
}

function beginStatement(o: TransactionOptions): string {
  const begin = `begin${o.repeatableRead ? ' isolation level repeatable read' : ''}${o.readOnly ? ' read only' : ''}`;
  const setLocal = (name: string, ms: number | undefined) =>
    ms === undefined ? '' : `; set local ${name} = ${Math.max(0, Math.ceil(ms))}`;
  return (
    begin +
    setLocal('statement_timeout', o.statementTimeoutMs) +
    setLocal('lock_timeout', o.lockTimeoutMs) +
    setLocal('idle_in_transaction_session_timeout', o.idleTimeoutMs) +
    (o.customPlans ? '; set local plan_cache_mode = force_custom_plan' : '')
  );
}

async function rollBack(lane: Lane): Promise<void> {
  if (lane.lost) return;
  try {
    await lane.sql`rollback`;
  } catch {
    lane.lost = true;
  }
}

/** Closing a connection that failed is nobody's to wait for. */
function discard(lane: Lane): void {
  lane.lost = true;
  lane.sql.end({ timeout: 0 }).catch(() => undefined);
}

/** The server refused a statement, and the connection is as good as before. */
function isAnswer(error: unknown): boolean {
  return error instanceof postgres.PostgresError && error.severity === 'ERROR';
}

function lostError(): DatabaseError {
  return new DatabaseError('connection_lost', 'the connection to PostgreSQL was lost');
}

export function lateError(timeoutMs: number): DatabaseError {
  return new DatabaseError('answer_timeout', `PostgreSQL did not answer for ${timeoutMs} ms`);
}

function endedError(): DatabaseError {
  return new DatabaseError('pool_ended', 'the connections to PostgreSQL were closed');
}
