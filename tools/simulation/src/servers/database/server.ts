import { keyOf } from '../../ledger.js';
import type { Process } from '../../time/virtual-time.js';
import type { World } from '../../world.js';
import type { Network } from '../network.js';
import { createEventsTable, Refusal, type ActivityEntry, type LogRow } from './events-table.js';
import type { InsertStatement, SentEvent, Statement } from './statements.js';

/** How a statement ended at the server. */
export type Outcome =
  | { kind: 'rows'; rows: object[] }
  | { kind: 'refused'; sqlState: string }
  /** The connection broke: before the commit, or with the answer to it. */
  | { kind: 'lost' }
  /** Nothing comes back. */
  | { kind: 'silence' };

/** An insert that holds its keys until it is committed or undone. */
interface Transaction {
  keys: Set<string>;
  waiting: (() => void)[];
}

const FEW_EVENTS = 2;
const SILENT_MS_MAX = 20_000;

export type DatabaseServer = ReturnType<typeof createDatabaseServer>;

/**
 * PostgreSQL as far as writing and folding use it: transactions that are done as a whole or not at all, keys that one
 * insert waits for until another is through, and the answers a server can give besides.
 */
export function createDatabaseServer(
  world: World,
  o: {
    network: Network;
    poison: (event: SentEvent) => string | undefined;
    counts: 'inserted' | 'sent';
    /** As if a fold were two transactions (a mistake). */
    foldsInTwo: boolean;
  },
) {
  const { time, random, faults, trace } = world;
  const table = createEventsTable({ refuses: o.poison, counts: o.counts });
  /** What has been folded: how many events of each bucket, type and user. */
  const folded = new Map<string, number>();
  let running = new Set<Transaction>();
  let folding = false;
  let waitingFolds: (() => void)[] = [];
  let process: Process = time.startProcess('postgres');

  function end(transaction: Transaction): void {
    running.delete(transaction);
    for (const wake of transaction.waiting) wake();
  }

  function insert(statement: InsertStatement, finish: (outcome: Outcome) => void): void {
    if (faults.strikes('deadlock')) return finish({ kind: 'refused', sqlState: '40P01' });
    const keys = new Set(statement.sent.map(keyOf));
    const before = [...running].find((other) => [...keys].some((key) => other.keys.has(key)));
    if (before) {
      before.waiting.push(() => insert(statement, finish));
      return;
    }
    if (faults.strikes('statement_timeout')) return finish({ kind: 'refused', sqlState: '57014' });
    if (statement.sent.length > FEW_EVENTS && faults.strikes('refused_together')) {
      return finish({ kind: 'refused', sqlState: '54001' });
    }
    const transaction: Transaction = { keys, waiting: [] };
    running.add(transaction);
    const isSilent = faults.strikes('silent_database');
    if (isSilent) finish({ kind: 'silence' });
    const takesMs = isSilent ? random.fraction() * SILENT_MS_MAX : 0.2 + random.fraction() * 5;
    time.after(takesMs, process, () => {
      const outcome = commit(statement);
      if (!isSilent) finish(outcome);
      end(transaction);
    });
  }

  function commit(statement: InsertStatement): Outcome {
    try {
      const insertion = table.insert(statement, time.nowMs());
      if (faults.strikes('lost_before_commit')) return { kind: 'lost' };
      table.commit(insertion);
      trace(() => `commits ${insertion.rows.length} of ${statement.sent.length} events`);
      if (faults.strikes('commit_answer_lost')) return { kind: 'lost' };
      const { retainedFromMs } = insertion;
      // A Float64, which the driver hands over as a number.
      return { kind: 'rows', rows: [{ inserted: insertion.rows.length, retainedFromMs }] };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      trace(() => `refuses ${statement.sent.length} events: ${error.sqlState}`);
      return { kind: 'refused', sqlState: error.sqlState };
    }
  }

  function merge(rows: readonly LogRow[]): void {
    for (const { entries } of rows) {
      for (const entry of entries) {
        const key = activityKey(entry);
        folded.set(key, (folded.get(key) ?? 0) + 1);
      }
    }
  }

  /** Takes rows of the log and merges them, in one transaction: the outline of foldActivityLog, which is SQL. */
  function fold(rowsMax: number, finish: (outcome: Outcome) => void): void {
    // pg_advisory_xact_lock: one at a time, though the one before was asked for by a process that is dead.
    if (folding) {
      waitingFolds.push(() => fold(rowsMax, finish));
      return;
    }
    folding = true;
    const rows = table.log.slice(0, rowsMax);
    if (o.foldsInTwo) merge(rows);
    time.after(0.5 + random.fraction() * 20, process, () => {
      const isLost = faults.strikes('lost_before_commit');
      if (!isLost) {
        table.log.splice(0, rows.length);
        if (!o.foldsInTwo) merge(rows);
      }
      folding = false;
      finish(isLost ? { kind: 'lost' } : { kind: 'rows', rows: [] });
      waitingFolds.shift()?.();
    });
  }

  return {
    process: () => process,
    table,
    folded: folded as ReadonlyMap<string, number>,

    /** `finish` is called once, unless the server dies first. */
    execute(statement: Statement, finish: (outcome: Outcome) => void): void {
      switch (statement.kind) {
        case 'storage_kind':
          return finish({ kind: 'rows', rows: [{ kind: 'partitions' }] });
        case 'any_imports':
          // The importer is not simulated.
          return finish({ kind: 'rows', rows: [{ any: false }] });
        case 'make_partitions':
          table.makePartitions(statement.starts);
          return finish({ kind: 'rows', rows: [] });
        case 'insert':
          return insert(statement, finish);
      }
    },

    fold,
    /** No transaction is under way. */
    idle: () => running.size === 0 && !folding,

    /** SIGKILL: what was not committed is undone. */
    kill(): void {
      time.kill(process);
      o.network.cutAllOf(process);
      running = new Set();
      folding = false;
      waitingFolds = [];
    },
    start(): void {
      process = time.startProcess('postgres');
    },
  };
}

export const activityKey = ([bucket, eventType, userId]: ActivityEntry): string =>
  `${bucket} ${eventType} ${userId}`;
