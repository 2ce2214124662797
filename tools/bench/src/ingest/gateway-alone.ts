import type { LoadFigures } from './load/protocol.js';
import { startBareExpress } from './peers/start-peer.js';
import { cpuMicrosPerEvent, type UsageByName } from './process-usage.js';
import type { Stack } from './stack.js';
import type { Measuring } from './sustained.js';

export interface GatewayFigures {
  batchEvents: number;
  gateway: Together;
  /** Absent where it is no yardstick. */
  bareExpress?: Together;
  /** Of each turn, the gateway's events/s by those of the Express that came next. */
  timesExpress?: number[];
}

/** Of several turns. */
export interface Together {
  eventsPerSecond: number;
  requestsPerSecond: number;
  /** Of the turn with the longest p99. */
  latencyMs: LoadFigures['latencyMs'];
  /** Requests by HTTP status. */
  answers: Record<string, number>;
  /** Microseconds an event by process; absent without /proc. */
  cpuMicros?: Record<string, number>;
}

export interface GatewayScale {
  connections: number;
  turns: number;
  turnSeconds: number;
  bareExpress: boolean;
}

const BATCHES = [1, 10, 100, 1_000];
const COMPARED = [1, 100];
const WARM_UP_SECONDS = 1;

interface Turn {
  load: LoadFigures;
  before: UsageByName | undefined;
  after: UsageByName | undefined;
}

/** The gateway with a stream that nobody reads, in turns with an Express that does nothing. */
export async function benchGatewayAlone(
  stack: Stack,
  { load, meter, progress }: Measuring,
  scale: GatewayScale,
): Promise<GatewayFigures[]> {
  const gateway = await stack.startApp('ingest-gateway', {
    NATS_STREAM: 'GATEWAY_ALONE',
    NATS_SUBJECT: 'alone.events',
    REDIS_KEY_PREFIX: 'alone:',
  });
  const express = scale.bareExpress ? await startBareExpress() : undefined;
  const { redis, nats } = stack.servers;
  const gatewayPids = { gateway: gateway.pid, Redis: redis?.pid ?? 0, NATS: nats?.pid ?? 0, load: load.pid };
  const expressPids = { Express: express?.pid ?? 0, load: load.pid };

  async function turn(
    port: number,
    pids: Record<string, number>,
    batchEvents: number,
    seconds: number,
  ): Promise<Turn> {
    const before = meter?.read(pids);
    const figures = await load.send({
      ...{ port, batchEvents, seconds },
      ...{ connections: scale.connections, withInvalid: false, ids: 'new', counted: false },
    });
    return { load: figures, before, after: meter?.read(pids) };
  }

  try {
    const results: GatewayFigures[] = [];
    for (const batchEvents of BATCHES) {
      await load.prepare({ batchEvents, withInvalid: false });
      const compared = express !== undefined && COMPARED.includes(batchEvents);
      const ofGateway: Turn[] = [];
      const ofExpress: Turn[] = [];
      await turn(gateway.port, gatewayPids, batchEvents, WARM_UP_SECONDS);
      if (compared) await turn(express.port, expressPids, batchEvents, WARM_UP_SECONDS);
      for (let i = 0; i < scale.turns; i++) {
        ofGateway.push(await turn(gateway.port, gatewayPids, batchEvents, scale.turnSeconds));
        if (compared) ofExpress.push(await turn(express.port, expressPids, batchEvents, scale.turnSeconds));
      }
      const result: GatewayFigures = {
        batchEvents,
        gateway: together(ofGateway),
        ...(compared && {
          bareExpress: together(ofExpress),
          timesExpress: ofGateway.map(
            ({ load: own }, i) => own.eventsPerSecond / (ofExpress[i]?.load.eventsPerSecond ?? NaN),
          ),
        }),
      };
      const rate = (it: Together | undefined) => Math.round(it?.eventsPerSecond ?? NaN).toLocaleString('en');
      progress(
        `gateway alone, batches of ${String(batchEvents)}: ${rate(result.gateway)} events/s${compared ? `, bare Express ${rate(result.bareExpress)}` : ''}`,
      );
      results.push(result);
    }
    return results;
  } finally {
    await Promise.all([gateway.stop(), express?.stop()]);
  }
}

function together(turns: readonly Turn[]): Together {
  const sum = (of: (turn: Turn) => number) => turns.reduce((total, turn) => total + of(turn), 0);
  const seconds = sum(({ load }) => load.seconds);
  const events = sum(({ load }) => load.events);
  const worst = turns.reduce((a, b) => (a.load.latencyMs.p99 > b.load.latencyMs.p99 ? a : b));
  const answers: Record<string, number> = {};
  for (const { load } of turns)
    for (const [status, count] of Object.entries(load.answers))
      answers[status] = (answers[status] ?? 0) + count;
  const cpuMicros: Record<string, number> = {};
  for (const { before, after } of turns) {
    for (const [name, micros] of Object.entries(
      before && after ? cpuMicrosPerEvent(before, after, events) : {},
    ))
      cpuMicros[name] = (cpuMicros[name] ?? 0) + micros;
  }
  return {
    eventsPerSecond: events / seconds,
    requestsPerSecond: sum(({ load }) => load.requests) / seconds,
    latencyMs: worst.load.latencyMs,
    answers,
    ...(Object.keys(cpuMicros).length > 0 && { cpuMicros }),
  };
}
