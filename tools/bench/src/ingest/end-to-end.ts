import type { ServiceProcess } from '@event-analytics/stack';
import type { Database } from '@event-analytics/timescale';
import { connectTo } from '../database.js';
import { addLedgers, type Ledger } from './load/ledger.js';
import type { LoadGenerator } from './load/load-client.js';
import type { Stack } from './stack.js';

/** Gateway, writer and stats-api with a database of their own, and the ledger of all that they acknowledged. */
export interface EndToEnd {
  db: Database;
  databaseUrl: string;
  gateway: ServiceProcess;
  stats: ServiceProcess;
  /** By name, for CPU and memory. */
  pids(): Record<string, number>;
  /** What was acknowledged so far. */
  ledger(): Promise<Ledger>;
  /** Adds what was sent by others than the load process: of types and users of its own. */
  alsoAcknowledged(more: Ledger): void;
  stop(): Promise<void>;
}

export const SERVICES = ['gateway', 'writer', 'stats-api'] as const;

export async function startEndToEnd(stack: Stack, load: LoadGenerator): Promise<EndToEnd> {
  const databaseUrl = await stack.createDatabase('end_to_end');
  const db = connectTo(databaseUrl, 2);
  const env = { DATABASE_URL: databaseUrl };
  const writer = await stack.startApp('jetstream-writer', env);
  const stats = await stack.startApp('stats-api', env);
  const gateway = await stack.startApp('ingest-gateway', {});
  const { postgres, redis, nats } = stack.servers;
  let others: Ledger = { events: 0, idSum: 0, types: {}, days: {} };

  return {
    db,
    databaseUrl,
    gateway,
    stats,
    pids: () => ({
      gateway: gateway.pid,
      Redis: redis?.pid ?? 0,
      NATS: nats?.pid ?? 0,
      writer: writer.pid,
      PostgreSQL: postgres?.pid ?? 0,
      'stats-api': stats.pid,
      load: load.pid,
      benchmark: process.pid,
    }),
    ledger: async () => addLedgers(await load.ledger(), others),
    alsoAcknowledged(more) {
      others = addLedgers(others, more);
    },
    async stop() {
      await Promise.all([gateway.stop(), writer.stop(), stats.stop()]);
      await db.end({ timeout: 5 });
    },
  };
}
