import { startWriter, type Writer, type WriterOptions } from '@event-analytics/jetstream-writer/protocol';
import { createDeadLetters, DEFAULT_STREAM_NAMES } from '@event-analytics/nats-client';
import type { Mutant } from '../mutants/mutant.js';
import { createDatabase } from '../servers/database/database.js';
import type { DatabaseServer } from '../servers/database/server.js';
import type { Network } from '../servers/network.js';
import { createNatsHandle } from '../servers/nats/handle.js';
import type { NatsServer } from '../servers/nats/server.js';
import type { Process } from '../time/virtual-time.js';
import type { World } from '../world.js';
import { silentLog } from './silent-log.js';

export interface WriterProcessOptions {
  process: Process;
  network: Network;
  nats: NatsServer;
  database: DatabaseServer;
  mutant: Mutant | undefined;
}

/** A third of the service's, so that redelivery is seen within a run. */
const ACK_WAIT_MS = 10_000;
const LINGER_MS = 20;
const BUFFER_BYTES = 64 * 1_024 * 1_024;

/** jetstream-writer without its HTTP and its upkeep, composed as its main.ts does it. To be called as its process. */
export function startWriterProcess(world: World, o: WriterProcessOptions): Writer {
  const { plan } = world;
  const names = DEFAULT_STREAM_NAMES;
  const nats = createNatsHandle(world, { network: o.network, server: o.nats, client: o.process });
  // A new one for each life: what writeEvents remembers of a database is lost with the process.
  const db = createDatabase(world, { network: o.network, server: o.database, client: o.process });
  const options: WriterOptions = {
    nats,
    names,
    db: o.mutant?.database?.(db) ?? db,
    deadLetters: createDeadLetters(nats, { names }),
    metrics: {
      written: () => undefined,
      buried: () => undefined,
      retried: () => undefined,
      fault: () => undefined,
      upkeepFailed: () => undefined,
      partitionsDropped: () => undefined,
    },
    log: silentLog,
    lanes: plan.lanes,
    batchEvents: plan.batchEvents,
    lingerMs: LINGER_MS,
    bufferBytes: BUFFER_BYTES,
    ackWaitMs: ACK_WAIT_MS,
    failpoint: () => undefined,
    clock: () => Date.now(),
  };
  return (o.mutant?.startWriter ?? startWriter)(options);
}
