import { startServers, startService, type Servers, type ServiceProcess } from '@event-analytics/stack';
import { connectDatabase, migrate } from '@event-analytics/timescale';

/** The whole service on private servers: what `npm start` runs, without the front door. */
export interface System {
  servers: Servers;
  gateway: ServiceProcess;
  stats: ServiceProcess;
  writer: ServiceProcess;
  /** Another process of this app, on a port of its own; stopped with the system. */
  startAnother(app: string): Promise<ServiceProcess>;
  stop(): Promise<void>;
}

export async function startSystem(
  o: {
    /** Servers to use; they then outlive the system. By default it starts its own. */
    servers?: Servers;
    env?: Record<string, string>;
  } = {},
): Promise<System> {
  const servers = o.servers ?? (await startServers({ mode: 'native' }));
  const env = {
    ENVIRONMENT: 'test',
    HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
    DATABASE_URL: servers.postgresUrl,
    REDIS_URL: servers.redisUrl,
    NATS_URL: servers.natsUrl,
    RATE_LIMIT_REQUESTS: '0',
    ...o.env,
  };
  const db = connectDatabase({
    url: servers.postgresUrl,
    applicationName: 'system-tests',
    maxConnections: 1,
  });
  try {
    await migrate(db);
  } finally {
    await db.end({ timeout: 5 });
  }

  const services: ServiceProcess[] = [];
  const start = async (app: string) => {
    const service = await startService({ app, env });
    services.push(service);
    await service.waitReady({ timeoutMs: 30_000 });
    return service;
  };
  async function stop(): Promise<void> {
    await Promise.all(services.map((s) => s.stop()));
    if (o.servers === undefined) await servers.stop();
  }

  try {
    const [writer, stats, gateway] = [
      await start('jetstream-writer'),
      await start('stats-api'),
      await start('ingest-gateway'),
    ];
    return { servers, gateway, stats, writer, startAnother: start, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

export async function postEvents(
  gatewayUrl: string,
  events: unknown[],
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${gatewayUrl}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

export async function getJson(
  baseUrl: string,
  path: string,
  query: Record<string, string | number | undefined> = {},
): Promise<unknown> {
  const url = new URL(path, baseUrl);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const response = await fetch(url);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`GET ${url.href}: ${String(response.status)} ${text}`);
  return JSON.parse(text);
}

/** Waits until the check holds; fails with its last answer once the time is over. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  read: () => Promise<T>,
  holds: (value: T) => boolean,
): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs;
  let last: T | undefined;
  let lastError: unknown;
  while (Date.now() < deadlineMs) {
    try {
      last = await read();
      lastError = undefined;
      if (holds(last)) return last;
    } catch (error) {
      lastError = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what}: not within ${String(timeoutMs)} ms; last ${JSON.stringify(last)}`, {
    cause: lastError,
  });
}
