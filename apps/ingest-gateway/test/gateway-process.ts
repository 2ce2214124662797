import { fileURLToPath } from 'node:url';
import { decodeWireMessage, type AcceptedEvent } from '@event-analytics/event-schema';
import { connectNats } from '@event-analytics/nats-client';
import { startService, type ServiceProcess } from '@event-analytics/stack';
import { testServers, uniqueName } from '@event-analytics/testkit';
import { post, type Answer, type PostOptions } from './post.js';

export interface GatewayProcess {
  service: ServiceProcess;
  stream: string;
  post(body: unknown, o?: PostOptions): Promise<Answer>;
  /** Resident memory in bytes, as the process itself reports it. */
  residentBytes(): Promise<number>;
  stored(): Promise<AcceptedEvent[]>;
  stop(): Promise<void>;
}

/** main.ts in a process of its own, run from source: no build is needed. */
export async function startGatewayProcess(env: Record<string, string> = {}): Promise<GatewayProcess> {
  const stream = env['NATS_STREAM'] ?? uniqueName('EVENTS');
  const natsUrl = env['NATS_URL'] ?? testServers().natsUrl;
  const service = await startService({
    app: 'ingest-gateway',
    mainJs: fileURLToPath(new URL('../src/main.ts', import.meta.url)),
    env: {
      NODE_OPTIONS: '--import=tsx --conditions=@event-analytics/source',
      REDIS_URL: testServers().redisUrl,
      REDIS_KEY_PREFIX: `${uniqueName('gateway')}:`,
      NATS_URL: natsUrl,
      NATS_STREAM: stream,
      NATS_SUBJECT: `${stream}.ingest`,
      RATE_LIMIT_REQUESTS: '0',
      ...env,
    },
  });
  return {
    service,
    stream,
    post: (body, o) => post(service.url, body, o),
    async residentBytes() {
      const { text } = await post(service.url, undefined, { path: '/metrics', method: 'GET' });
      return Number(/^process_resident_memory_bytes(?:{[^}]*})? (\S+)$/m.exec(text)?.[1]);
    },
    async stored() {
      const nothing = () => undefined;
      const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
      const nats = await connectNats({ servers: natsUrl, name: 'gateway-process-test', log });
      try {
        const session = await nats.whenConnected();
        const { state } = await session.jsm.streams.info(stream);
        const events: AcceptedEvent[] = [];
        for (let seq = Math.max(1, state.first_seq); seq <= state.last_seq; seq++) {
          const message = await session.jsm.streams.getMessage(stream, { seq });
          events.push(...decodeWireMessage(message.data).events.map(({ event }) => event));
        }
        return events;
      } finally {
        await nats.close();
      }
    },
    stop: () => service.stop(),
  };
}
