import {
  startServers,
  startService,
  type Servers,
  type ServerProcess,
  type ServiceProcess,
} from '@event-analytics/stack';
import { createTcpProxy, type TcpProxy } from './tcp-proxy.js';

/** The cables between services and servers, each of which can be damaged; all processes of an app share theirs. */
export interface Links {
  gatewayToNats: TcpProxy;
  gatewayToRedis: TcpProxy;
  writerToNats: TcpProxy;
  writerToPostgres: TcpProxy;
  statsToPostgres: TcpProxy;
}

/** Private servers that can be killed, paused and started again. */
export interface OwnServers extends Servers {
  postgres: ServerProcess;
  redis: ServerProcess;
  nats: ServerProcess;
}

/** The whole service on private servers: what `npm start` runs, without the front door. */
export interface System {
  servers: OwnServers;
  links: Links;
  gateway: ServiceProcess;
  stats: ServiceProcess;
  writer: ServiceProcess;
  /** Another process of this app, on a port of its own; stopped with the system. */
  startAnother(app: AppName, env?: Record<string, string>): Promise<ServiceProcess>;
  /** What a process of this app is started with. */
  environmentOf(app: AppName): Record<string, string>;
  stop(): Promise<void>;
}

export type AppName = 'ingest-gateway' | 'jetstream-writer' | 'stats-api';

export interface StartSystemOptions {
  /** For every service. */
  env?: Record<string, string>;
  /** For one app only. */
  envOf?: Partial<Record<AppName, Record<string, string>>>;
  /** Servers to use; they then outlive the system. By default it starts its own. */
  servers?: OwnServers;
}

const READY_TIMEOUT_MS = 30_000;

/** Starts servers, cables and one process of each service; resolves when all are ready. Needs the apps' builds. */
export async function startSystem(o: StartSystemOptions = {}): Promise<System> {
  const servers = o.servers ?? (await startOwnServers());
  const links: Links = {
    gatewayToNats: await createTcpProxy(servers.natsUrl),
    gatewayToRedis: await createTcpProxy(servers.redisUrl),
    writerToNats: await createTcpProxy(servers.natsUrl),
    writerToPostgres: await createTcpProxy(servers.postgresUrl),
    statsToPostgres: await createTcpProxy(servers.postgresUrl),
  };
  const urls: Record<AppName, Record<string, string>> = {
    'ingest-gateway': { NATS_URL: links.gatewayToNats.url, REDIS_URL: links.gatewayToRedis.url },
    'jetstream-writer': { NATS_URL: links.writerToNats.url, DATABASE_URL: links.writerToPostgres.url },
    'stats-api': { DATABASE_URL: links.statsToPostgres.url },
  };
  const environmentOf = (app: AppName): Record<string, string> => ({
    ENVIRONMENT: 'test',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    RATE_LIMIT_REQUESTS: '0',
    ...urls[app],
    ...o.env,
    ...o.envOf?.[app],
  });

  const services: ServiceProcess[] = [];
  async function start(app: AppName, env: Record<string, string> = {}): Promise<ServiceProcess> {
    const service = await startService({ app, env: { ...environmentOf(app), ...env } });
    services.push(service);
    await service.waitReady({ timeoutMs: READY_TIMEOUT_MS });
    return service;
  }
  async function stop(): Promise<void> {
    await Promise.all(services.map((s) => s.stop()));
    await Promise.all(Object.values<TcpProxy>({ ...links }).map((link) => link.close()));
    if (!o.servers) await servers.stop();
  }

  try {
    // The writer first: it brings the schema that the others wait for.
    const writer = await start('jetstream-writer');
    const [stats, gateway] = await Promise.all([start('stats-api'), start('ingest-gateway')]);
    return { servers, links, gateway, stats, writer, startAnother: start, environmentOf, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Servers of one's own are child processes: a container would not be killed at the point that a test means. */
export async function startOwnServers(): Promise<OwnServers> {
  const servers = await startServers({ mode: 'native' });
  const { postgres, redis, nats } = servers;
  if (postgres && redis && nats) return Object.assign(servers, { postgres, redis, nats });
  throw new Error('native servers are processes');
}
