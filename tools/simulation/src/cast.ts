import { decodeWireMessage } from '@event-analytics/event-schema';
import { createLedger, type Ledger } from './ledger.js';
import type { Disaster } from './faults.js';
import type { Mutant } from './mutants/mutant.js';
import { runClient } from './processes/client.js';
import { runForeigner } from './processes/foreigner.js';
import { startGateway, type Gateway } from './processes/gateway.js';
import { runIndexer } from './processes/indexer.js';
import { POISON_USER } from './processes/make-events.js';
import { makeStreamAnew } from './processes/operator.js';
import { startWriterProcess } from './processes/writer.js';
import { createDatabaseServer, type DatabaseServer } from './servers/database/server.js';
import { createNetwork } from './servers/network.js';
import { createNatsHandle } from './servers/nats/handle.js';
import { createNatsServer, type NatsServer } from './servers/nats/server.js';
import type { Stream } from './servers/nats/stream.js';
import { createRedisServer } from './servers/redis/server.js';
import type { Process } from './time/virtual-time.js';
import type { World } from './world.js';

/** Everybody and everything that takes part. */
export interface Cast {
  ledger: Ledger;
  nats: NatsServer;
  database: DatabaseServer;
  /** Ids of what was put into the stream by others and must be a dead letter. */
  expectedLetters: ReadonlySet<string>;
  /** Messages that went with their stream. */
  lostTexts: readonly string[];
  /** Clients that have something left to send. */
  clientsAtWork: () => number;
  /** Has it happen; false when there was nobody whom it could befall. */
  befall: (kind: Disaster) => boolean;
}

/** One service of several of its kind: a process that is replaced when it ends. */
interface Slot<T> {
  process: Process;
  service: T | undefined;
}

const RESTART_MS_MAX = 2_500;
const PAUSE_MS_MAX = 8_000;
/** Past ack_wait. */
const WRITER_PAUSE_MS_MAX = 15_000;
const STOP_TIMEOUT_MS = 8_000;

/** Puts the world together, and starts it. */
export function startCast(world: World, mutant: Mutant | undefined): Cast {
  const { plan, time, random } = world;
  const ledger = createLedger();
  const network = createNetwork(world);
  const expectedLetters = new Set<string>();
  const lostTexts: string[] = [];
  const nats = createNatsServer(world, {
    network,
    onStreamDeleted: accountFor,
    durableName: mutant?.durableName ?? ((name) => name),
  });
  const redis = createRedisServer(world, network);
  const database = createDatabaseServer(world, {
    network,
    poison: ({ user_id }) => (user_id === POISON_USER ? '22P05' : undefined),
    counts: mutant?.counts ?? 'inserted',
    foldsInTwo: mutant?.foldsInTwo ?? false,
  });

  const gateways = slots('gateway', plan.gateways, (process) =>
    startGateway(world, { process, network, nats, redis, mutant }),
  );
  const writers = slots('writer', plan.writers, (process) =>
    startWriterProcess(world, { process, network, nats, database, mutant }),
  );
  const indexers = slots('indexer', 1, (process) => {
    void runIndexer(world, { process, network, database });
    return process;
  });
  const operator = once('operator', (process) =>
    createNatsHandle(world, { network, server: nats, client: process }),
  );

  let clientsAtWork = plan.clients;
  const living = (): Gateway[] => gateways.all.flatMap(({ service }) => (service ? [service] : []));
  for (let client = 0; client < plan.clients; client += 1) {
    once(`client ${client}`, (process) => {
      void runClient(world, { process, network, ledger, gateways: living }).then(() => (clientsAtWork -= 1));
    });
  }
  if (plan.foreignMessages) {
    clientsAtWork += 1;
    once('foreigner', (process) => {
      const expects = (letter: string): void => void expectedLetters.add(letter);
      void runForeigner(world, { process, network, nats, ledger, expects }).then(() => (clientsAtWork -= 1));
    });
  }

  return { ledger, nats, database, expectedLetters, lostTexts, clientsAtWork: () => clientsAtWork, befall };

  function once<T>(name: string, start: (process: Process) => T): { process: Process; value: T } {
    const process = time.startProcess(name);
    let value: T | undefined;
    time.runAs(process, () => (value = start(process)));
    return { process, value: value as T };
  }

  function slots<T>(kind: string, count: number, start: (process: Process) => T) {
    const all: Slot<T>[] = [];
    for (let at = 0; at < count; at += 1) {
      const slot: Slot<T> = { process: time.startProcess(`${kind} ${at}`), service: undefined };
      all.push(slot);
      fill(slot);
    }

    function fill(slot: Slot<T>): void {
      slot.process = time.startProcess(slot.process.name);
      time.runAs(slot.process, () => (slot.service = start(slot.process)));
    }
    function end(slot: Slot<T>, process: Process): void {
      if (slot.process !== process || !process.alive) return;
      slot.service = undefined;
      time.kill(process);
      network.cutAllOf(process);
      time.after(random.fraction() * RESTART_MS_MAX, world.process, () => fill(slot));
    }
    return {
      all,
      end,
      kill(): boolean {
        const slot = random.pick(all);
        if (!slot.service) return false;
        end(slot, slot.process);
        return true;
      },
      pause: (msMax: number): boolean => pause(random.pick(all).process, msMax),
    };
  }

  function pause(process: Process, msMax: number): boolean {
    if (!process.alive) return false;
    // Never shorter than it is: what waits already comes first.
    process.pausedUntilMs = Math.max(process.pausedUntilMs, time.nowMs() + random.fraction() * msMax);
    return true;
  }

  function killServer(server: { process: () => Process; kill: () => void; start: () => void }): boolean {
    if (!server.process().alive) return false;
    server.kill();
    time.after(random.fraction() * RESTART_MS_MAX, world.process, () => server.start());
    return true;
  }

  function stopWriter(): boolean {
    const slot = random.pick(writers.all);
    const { process, service } = slot;
    if (!service) return false;
    const end = (): void => writers.end(slot, process);
    time.runAs(process, () => void service.stop({ timeoutMs: STOP_TIMEOUT_MS }).then(end));
    return true;
  }

  /** By an operator, whatever gateways and writers are doing. */
  function makeAnew(): boolean {
    time.runAs(operator.process, () => void makeStreamAnew(world, { nats: operator.value }));
    return true;
  }

  function befall(kind: Disaster): boolean {
    switch (kind) {
      case 'gateway_killed':
        return gateways.kill();
      case 'gateway_paused':
        return gateways.pause(PAUSE_MS_MAX);
      case 'writer_killed':
        return writers.kill();
      case 'writer_paused':
        return writers.pause(WRITER_PAUSE_MS_MAX);
      case 'writer_stopped':
        return stopWriter();
      case 'indexer_killed':
        return indexers.kill();
      case 'redis_killed':
        return killServer(redis);
      case 'redis_paused':
        return pause(redis.process(), PAUSE_MS_MAX);
      case 'redis_flushed':
        redis.flush();
        return true;
      case 'redis_evicts':
        redis.evict();
        return true;
      case 'nats_killed':
        return killServer(nats);
      case 'nats_paused':
        return pause(nats.process(), PAUSE_MS_MAX);
      case 'postgres_killed':
        return killServer(database);
      case 'postgres_paused':
        return pause(database.process(), PAUSE_MS_MAX);
      case 'stream_made_anew':
        return makeAnew();
    }
  }

  /** An operator's loss: what the stream held is gone, whoever was told 202 for it. */
  function accountFor(stream: Stream): void {
    for (const { data } of stream.messages()) {
      const text = Buffer.from(data).toString();
      lostTexts.push(text);
      if (!text.startsWith('{')) continue;
      const events = decodeWireMessage(data).events.map(({ event }) => event);
      ledger.lose(events, { lostAtMs: time.nowMs(), streamEpoch: stream.created });
    }
  }
}
