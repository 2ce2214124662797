import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { serverAccount, type Account } from '../account.js';
import { freePort } from '../free-port.js';
import type { ServerProcess } from '../server-process.js';
import { makeOwn, reachableDataDir, temporaryDataDir } from './directories.js';
import { installMissing } from './install.js';
import { startNats } from './nats.js';
import { startPostgres } from './postgres.js';
import { startRedis } from './redis.js';
import {
  ALL_SERVERS,
  DEFAULT_LOGIN,
  postgresUrlOf,
  type ServerName,
  type Servers,
  type StartServersOptions,
} from './types.js';

/** Only for ports that we choose ourselves: somebody may take one between our look and the server's. */
const START_ATTEMPTS_MAX = 3;

interface Context {
  options: StartServersOptions;
  account: Account;
  durable: boolean;
  root: string;
  started: ServerProcess[];
}

/** Native servers as child processes: private, on the loopback address, gone with this process. */
export async function startNativeServers(options: StartServersOptions): Promise<Servers> {
  const wanted = options.only ?? ALL_SERVERS;
  await installMissing(wanted, options.announce ?? options.log);
  const account = serverAccount();
  const durable = options.dataDir !== undefined;
  const root = durable ? reachableDataDir(options.dataDir ?? '', account) : temporaryDataDir(account);
  const context: Context = { options, account, durable, root, started: [] };

  const servers: Servers = {
    mode: 'native',
    postgresUrl: '',
    redisUrl: '',
    natsUrl: '',
    ...(durable && { dataPlace: root }),
    async stop() {
      await Promise.all(context.started.map((server) => server.stop()));
      if (!durable) rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
  const starts = { postgres: postgres, redis: redis, nats: nats };
  // All are waited for also if one fails: what is still starting would be left behind.
  const outcomes = await Promise.allSettled(
    wanted.map(async (name) => Object.assign(servers, await starts[name](context))),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return servers;
  await servers.stop();
  throw failed.reason;
}

async function postgres(context: Context): Promise<Partial<Servers>> {
  const { account, durable, options } = context;
  const login = { ...DEFAULT_LOGIN, ...options.login };
  const server = await start(context, 'postgres', (port, place) =>
    startPostgres({ ...place, ...login, port, durable, account }),
  );
  return { postgres: server, postgresUrl: postgresUrlOf(login, server.port) };
}

async function redis(context: Context): Promise<Partial<Servers>> {
  const { account, durable } = context;
  const server = await start(context, 'redis', (port, place) =>
    startRedis({ ...place, port, durable, account }),
  );
  return { redis: server, redisUrl: `redis://127.0.0.1:${server.port}` };
}

async function nats(context: Context): Promise<Partial<Servers>> {
  const { account, durable, options } = context;
  let monitorPort = options.ports?.natsMonitor ?? 0;
  const server = await start(context, 'nats', async (port, place) => {
    monitorPort = options.ports?.natsMonitor ?? (await freePort());
    return startNats({ ...place, port, monitorPort, durable, account });
  });
  return {
    nats: server,
    natsUrl: `nats://127.0.0.1:${server.port}`,
    natsMonitorUrl: `http://127.0.0.1:${monitorPort}`,
  };
}

async function start(
  { options, account, root, started }: Context,
  name: ServerName,
  launch: (port: number, place: { directory: string; logFile: string }) => Promise<ServerProcess>,
): Promise<ServerProcess> {
  const directory = join(root, name);
  makeOwn(directory, account);
  const place = { directory, logFile: join(options.logDir ?? root, `${name}.log`) };
  const given = options.ports?.[name];
  const startedMs = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const server = await launch(given ?? (await freePort()), place);
      started.push(server);
      options.log?.(
        `${server.name} is up on port ${server.port} (${Math.round(performance.now() - startedMs)} ms)`,
      );
      return server;
    } catch (error) {
      if (given !== undefined || attempt === START_ATTEMPTS_MAX) throw error;
    }
  }
}
