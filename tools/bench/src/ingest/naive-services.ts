import { countRows, withDatabase } from '../database.js';
import type { Measuring } from './sustained.js';
import type { LoadFigures, LoadPlan } from './load/protocol.js';
import type { Peer } from '../start-peer.js';
import { startNaive } from './peers/start-peer.js';
import { cpuMicrosPerEvent } from './process-usage.js';
import type { Stack } from './stack.js';

/** Each is sent the same load; the last one by a single client, so that an insert waits for the one before it. */
export const NAIVE_LOADS = ['pipelined', 'awaited', 'oneClient'] as const;
export type NaiveLoad = (typeof NAIVE_LOADS)[number];
export const NAIVE_NAMES: Readonly<Record<NaiveLoad, string>> = {
  pipelined: 'naive, pipelined',
  awaited: 'naive, awaited',
  oneClient: 'naive, awaited, one client',
};

type Naive = 'pipelined' | 'awaited';

export interface NaiveFigures {
  load: LoadFigures;
  /** Microseconds an event by process; absent without /proc. */
  cpuMicros?: Record<string, number>;
}

export interface NaiveServices {
  run(which: NaiveLoad, plan: Omit<LoadPlan, 'port' | 'counted'>): Promise<NaiveFigures>;
  stop(): Promise<void>;
}

/** Both on the same server as ours, each with a database of its own, made by the same migrations. */
export async function startNaiveServices(
  stack: Stack,
  { load, meter }: Measuring,
  warmUp: Omit<LoadPlan, 'port' | 'counted'>,
): Promise<NaiveServices> {
  const peers = new Map<Naive, { peer: Peer; databaseUrl: string; stored: number }>();
  for (const how of ['pipelined', 'awaited'] as const) {
    const databaseUrl = await stack.createDatabase(`naive_${how}`);
    const peer = await startNaive(how, databaseUrl);
    const { events } = await load.send({ ...warmUp, port: peer.port, counted: false });
    peers.set(how, { peer, databaseUrl, stored: events });
  }

  return {
    async run(which, plan) {
      const how = which === 'pipelined' ? 'pipelined' : 'awaited';
      const service = peers.get(how);
      if (service === undefined) throw new Error(`no service that is ${how}`);
      const { peer, databaseUrl } = service;
      await withDatabase(databaseUrl, (db) => db.run((sql) => sql`CHECKPOINT`));
      const pids = { service: peer.pid, PostgreSQL: stack.servers.postgres?.pid ?? 0, load: load.pid };
      const before = meter?.read(pids);
      const figures = await load.send({
        ...plan,
        ...(which === 'oneClient' && { connections: 1 }),
        port: peer.port,
        counted: false,
      });
      const after = meter?.read(pids);
      service.stored += figures.events;
      const rows = await withDatabase(databaseUrl, countRows);
      if (rows !== service.stored)
        throw new Error(
          `the naive service (${how}) stored ${String(rows)} of ${String(service.stored)} events`,
        );
      return {
        load: figures,
        ...(before && after && { cpuMicros: cpuMicrosPerEvent(before, after, figures.events) }),
      };
    },
    stop: async () => void (await Promise.all([...peers.values()].map(({ peer }) => peer.stop()))),
  };
}
