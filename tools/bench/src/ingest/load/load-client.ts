import { endChild, nextMessage, startChild } from '../../child.js';
import type { Ledger } from './ledger.js';
import type { LoadFigures, LoadPlan, LoadReply, LoadRequest, PoolRequest } from './protocol.js';

/** The load process, from the benchmark's side. */
export interface LoadGenerator {
  readonly pid: number;
  /** Makes the requests, so that it need not be done while something is measured. */
  prepare(pool: PoolRequest): Promise<void>;
  /** @throws Error for an answer that is not as promised */
  send(plan: LoadPlan): Promise<LoadFigures>;
  /** Of all that was sent with `counted` so far. */
  ledger(): Promise<Ledger>;
  stop(): Promise<void>;
}

export function startLoadGenerator(o: { users: number; seed: number }): LoadGenerator {
  const child = startChild(new URL('./load-process.ts', import.meta.url), [String(o.users), String(o.seed)]);

  async function ask(request: LoadRequest): Promise<unknown> {
    child.send(request);
    const reply = (await nextMessage(child, 'the load process')) as LoadReply;
    if ('error' in reply) throw new Error(reply.error);
    return reply.value;
  }

  return {
    pid: child.pid ?? 0,
    prepare: async (pool) => void (await ask({ kind: 'prepare', ...pool })),
    send: async (plan) => (await ask({ kind: 'load', ...plan })) as LoadFigures,
    ledger: async () => (await ask({ kind: 'ledger' })) as Ledger,
    stop: () => endChild(child),
  };
}
