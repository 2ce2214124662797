/** What the benchmark asks of the load process, and what that answers; one at a time. */
export type LoadRequest =
  ({ kind: 'prepare' } & PoolRequest) | ({ kind: 'load' } & LoadPlan) | { kind: 'ledger' };

export interface PoolRequest {
  batchEvents: number;
  /** One event of each batch is no valid one; it is sent with ?partial=true. */
  withInvalid: boolean;
}

export interface LoadPlan extends PoolRequest {
  port: number;
  connections: number;
  /** How long, or how many requests. */
  seconds?: number;
  requests?: number;
  /** At most so many; default: as fast as they are answered. */
  eventsPerSecond?: number;
  /**
   * new: every event is one that was never sent before. resent: in turn a batch of new events, the same once
   * more, and the same with every other event replaced by a new one: half of all events are duplicates.
   */
  ids: 'new' | 'resent';
  /** Whether what is acknowledged belongs into the ledger: it goes to our services. */
  counted: boolean;
}

export interface LoadFigures {
  seconds: number;
  requests: number;
  /** Events that are to be counted: valid and new, acknowledged. */
  events: number;
  /** Of all kinds, in the requests that were acknowledged. */
  eventsSent: number;
  eventsPerSecond: number;
  requestsPerSecond: number;
  /** From writing a request to having its whole answer. */
  latencyMs: { mean: number; p50: number; p99: number; max: number };
  /** Requests by HTTP status; 'broken' where the connection ended first. Those not acknowledged were sent again. */
  answers: Record<string, number>;
  /** As the answers say. */
  accepted: number;
  duplicates: number;
  rejected: number;
}

export type LoadReply = { error: string } | { value: unknown };
