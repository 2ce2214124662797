import { DEFAULT_LIMITS } from '@event-analytics/event-schema';
import {
  createIngestEvents,
  createPublishEvents,
  createReadBatch,
  InvalidEventsError,
  type IngestDependencies,
  type IngestResult,
} from '@event-analytics/ingest-gateway/protocol';
import {
  createEventPublisher,
  DEFAULT_STREAM_NAMES,
  ensureEventStream,
  StreamUnavailableError,
} from '@event-analytics/nats-client';
import { createSeenIds } from '@event-analytics/redis';
import type { Mutant } from '../mutants/mutant.js';
import type { Network } from '../servers/network.js';
import { createNatsHandle } from '../servers/nats/handle.js';
import type { NatsServer } from '../servers/nats/server.js';
import { createRedisConnection } from '../servers/redis/connection.js';
import type { RedisServer } from '../servers/redis/server.js';
import type { Process } from '../time/virtual-time.js';
import type { World } from '../world.js';
import { silentLog } from './silent-log.js';

export interface Request {
  body: Uint8Array;
  partial: boolean;
}

export type Answer =
  { status: 202; result: IngestResult; streamEpoch: string | undefined } | { status: 422 } | { status: 503 };

export interface GatewayOptions {
  process: Process;
  network: Network;
  nats: NatsServer;
  redis: RedisServer;
  mutant: Mutant | undefined;
}

export interface Gateway {
  process: Process;
  /** To be called as the gateway's process. */
  post(request: Request, answer: (answer: Answer) => void): void;
}

export const STREAM_MESSAGES_MAX = 10_000;
// As in the service's configuration.
const REDIS_TIMEOUT_MS = 50;
const PUBLISH_TIMEOUT_MS = 2_000;
const MARK_SECONDS = 86_400;

/** ingest-gateway without its HTTP: composed as its main.ts and app.ts do it. To be called as the gateway's process. */
export function startGateway(world: World, o: GatewayOptions): Gateway {
  const { plan, trace, violated } = world;
  const clock = (): number => Date.now();
  const names = DEFAULT_STREAM_NAMES;
  const redis = createRedisConnection(world, {
    network: o.network,
    server: o.redis,
    client: o.process,
    commandTimeoutMs: REDIS_TIMEOUT_MS,
  });
  const nats = createNatsHandle(world, { network: o.network, server: o.nats, client: o.process });
  void ensureEventStream(nats, { names, maxMessages: STREAM_MESSAGES_MAX }).catch((error: unknown) =>
    violated(`a gateway refused to start: ${String(error)}`),
  );
  const publisher = createEventPublisher(nats, { names, timeoutMs: PUBLISH_TIMEOUT_MS });
  const dependencies: IngestDependencies = {
    readBatch: createReadBatch(DEFAULT_LIMITS),
    seenIds: createSeenIds(redis, { keyPrefix: 'ea:', ttlSeconds: MARK_SECONDS }),
    streamEpoch: () => publisher.streamEpoch(),
    publishEvents: createPublishEvents({
      publish: (payload) => publisher.publish(payload),
      clock,
      maxMessageBytes: plan.maxMessageBytes,
    }),
    clock,
    log: silentLog,
    metrics: {
      received: () => undefined,
      duplicates: () => undefined,
      rejected: () => undefined,
      ingested: () => undefined,
    },
  };
  const ingestEvents = createIngestEvents(o.mutant?.ingest?.(dependencies) ?? dependencies);

  async function post({ body, partial }: Request): Promise<Answer> {
    const streamEpoch = publisher.streamEpoch();
    try {
      const result = await ingestEvents({ body, format: 'json', partial, requestId: '' });
      trace(() => `answers 202, ${result.accepted} accepted, ${result.duplicates} duplicates`);
      return { status: 202, result, streamEpoch };
    } catch (error) {
      if (error instanceof InvalidEventsError) return { status: 422 };
      if (!(error instanceof StreamUnavailableError)) violated(`a gateway answered 500: ${String(error)}`);
      trace(() => `answers 503: ${error instanceof StreamUnavailableError ? error.code : String(error)}`);
      return { status: 503 };
    }
  }

  return {
    process: o.process,
    post: (request, answer) => void post(request).then(answer),
  };
}
