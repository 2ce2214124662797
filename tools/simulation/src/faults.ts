import type { Random } from './random.js';

/** What can go wrong with a single step, and how often it does where it is switched on. */
const STEP_FAULTS = {
  /** The way between two processes takes up to some seconds for once; what is behind it waits. */
  slow_way: 0.01,
  /** A connection breaks with what is on its way. */
  connection_cut: 0.004,
  /** The answer to a request of POST /events is lost. */
  answer_lost: 0.1,
  /** A client sends again what was answered 202. */
  sent_again: 0.4,
  redis_refuses: 0.1,
  /** Redis does what it is told, and its answer comes too late. */
  redis_slow: 0.15,
  /** The message is stored, its publisher is told nothing. */
  puback_lost: 0.1,
  puback_late: 0.1,
  publish_refused: 0.05,
  /** An acknowledgement of the writer does not arrive. */
  ack_lost: 0.1,
  /** As if ack_wait were over, while the message is worked on. */
  redelivered_early: 0.1,
  /** A pull request ends and nobody is told, as with NATS 2.9. */
  expiry_untold: 0.1,
  dead_letter_refused: 0.3,
  connection_refused: 0.1,
  deadlock: 0.08,
  statement_timeout: 0.05,
  /** COMMIT is done and its answer lost. */
  commit_answer_lost: 0.1,
  /** The connection breaks before COMMIT. */
  lost_before_commit: 0.08,
  /** Nothing comes back, the transaction commits at some time all the same. */
  silent_database: 0.04,
  /** Only a statement of few events is taken (54001), though none of them is bad. */
  refused_together: 0.15,
} as const;

/** What befalls a process or a server as a whole, and after how many seconds on average where it is switched on. */
export const DISASTERS = {
  gateway_killed: 3,
  gateway_paused: 5,
  writer_killed: 3,
  writer_paused: 5,
  /** As by SIGTERM: what is in hand is finished, and another one started. */
  writer_stopped: 5,
  indexer_killed: 3,
  redis_killed: 5,
  redis_paused: 5,
  redis_flushed: 5,
  redis_evicts: 2,
  nats_killed: 6,
  nats_paused: 6,
  postgres_killed: 5,
  postgres_paused: 6,
  stream_made_anew: 4,
} as const;

export type StepFault = keyof typeof STEP_FAULTS;
export type Disaster = keyof typeof DISASTERS;
export type FaultKind = StepFault | Disaster;

export const STEP_FAULT_KINDS = Object.keys(STEP_FAULTS) as StepFault[];
export const DISASTER_KINDS = Object.keys(DISASTERS) as Disaster[];

export interface Faults {
  /** Whether this step goes wrong in this way; counted when it does. */
  strikes(kind: StepFault): boolean;
  /** Counts one. */
  note(kind: FaultKind): void;
  /** From here on nothing goes wrong any more. */
  heal(): void;
  healed(): boolean;
  readonly counts: ReadonlyMap<FaultKind, number>;
}

export function createFaults(enabled: ReadonlySet<FaultKind>, random: Random): Faults {
  const counts = new Map<FaultKind, number>();
  let healed = false;
  const note = (kind: FaultKind): void => void counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return {
    strikes(kind) {
      if (healed || !enabled.has(kind) || !random.chance(STEP_FAULTS[kind])) return false;
      note(kind);
      return true;
    },
    note,
    heal: () => (healed = true),
    healed: () => healed,
    counts,
  };
}
