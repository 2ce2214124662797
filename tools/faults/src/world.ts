import {
  connectNats,
  createDeadLetters,
  DEFAULT_STREAM_NAMES,
  type NatsConnectionHandle,
} from '@event-analytics/nats-client';
import { startSystem, type StartSystemOptions, type System } from '@event-analytics/testkit';
import { connectDatabase, type Database } from '@event-analytics/timescale';
import { checkLedger, type LedgerCheck } from './check-ledger.js';
import { waitUntilDrained } from './drained.js';
import { createLedger, type Ledger } from './ledger.js';
import { startLoad, type Load, type LoadOptions } from './load-client.js';

/** The whole service with its servers and cables, and what is needed to hold it to its promise. */
export interface World extends System {
  /** Straight to the servers, past the cables. */
  db: Database;
  nats: NatsConnectionHandle;
  /** Load on the gateways that are named at the time; its ledger is this world's. */
  load(o?: Partial<LoadOptions>): Load;
  /** A new one of this world's, for what a test sends by itself. */
  ownLedger(): Ledger;
  /** Mends all cables, starts or wakes what a failed row left dead or paused, and ends its load. */
  heal(): Promise<void>;
  drained(timeoutMs?: number): Promise<void>;
  /** Waits until it is drained, then the ledger check. */
  check(o?: { expectedDeadIds?: ReadonlySet<string>; drainTimeoutMs?: number }): Promise<LedgerCheck>;
}

const DRAIN_TIMEOUT_MS = 60_000;
/** What a killed writer held comes again soon. */
const ACK_WAIT_MS = 2_000;

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

export async function startWorld(o: StartSystemOptions & { seed: number }): Promise<World> {
  const system = await startSystem({
    ...o,
    envOf: {
      ...o.envOf,
      'jetstream-writer': { WRITER_ACK_WAIT_MS: String(ACK_WAIT_MS), ...o.envOf?.['jetstream-writer'] },
    },
  });
  const { servers, links, gateway, writer, stats } = system;
  const db = connectDatabase({ url: servers.postgresUrl, applicationName: 'ledger', maxConnections: 2 });
  const nats = await connectNats({ servers: servers.natsUrl, name: 'ledger', log: silent });
  const letters = createDeadLetters(nats, { names: DEFAULT_STREAM_NAMES });
  /** Of all loads and tests: what one row sent is still there when the next one checks. */
  const ledgers: Ledger[] = [];
  const loads: Load[] = [];

  const drained = (timeoutMs = DRAIN_TIMEOUT_MS) =>
    waitUntilDrained({ nats, names: DEFAULT_STREAM_NAMES, db, timeoutMs });

  return {
    ...system,
    db,
    nats,
    load(options = {}) {
      const load = startLoad({
        gatewayUrls: () => [gateway.url],
        seed: o.seed + loads.length,
        ...options,
      });
      ledgers.push(load.ledger);
      loads.push(load);
      return load;
    },
    ownLedger() {
      const ledger = createLedger();
      ledgers.push(ledger);
      return ledger;
    },
    async heal() {
      for (const link of Object.values({ ...links })) link.heal();
      for (const process of [servers.postgres, servers.redis, servers.nats, gateway, writer, stats]) {
        if (process.pid === 0) await process.restart();
        else await process.kill('SIGCONT');
      }
      for (const service of [gateway, writer, stats]) await service.waitReady();
      // Of a row that failed in the middle; it has said why.
      await Promise.allSettled(loads.map((load) => load.finish()));
    },
    drained,
    async check({ expectedDeadIds, drainTimeoutMs } = {}) {
      await drained(drainTimeoutMs);
      await nats.whenConnected();
      const backlog = await letters.backlog();
      if (!backlog) throw new Error('NATS is not reachable');
      return checkLedger({
        db,
        ledgers,
        deadLetters: backlog.messages,
        ...(expectedDeadIds && { expectedDeadIds }),
      });
    },
    async stop() {
      await nats.close();
      await db.end({ timeout: 5 });
      await system.stop();
    },
  };
}
