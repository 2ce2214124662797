import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { canEnter, serverAccount, type Account } from '../account.js';
import { freePort } from '../free-port.js';
import type { ServerProcess } from '../server-process.js';
import { startWatchdog, type Watchdog } from '../watchdog.js';
import { startNats } from './nats.js';
import { startPostgres } from './postgres.js';
import { startRedis } from './redis.js';
import type { ServerName, Servers, StartServersOptions } from './types.js';

const START_ATTEMPTS_MAX = 3;

/** Native servers as child processes: private, on the loopback address, gone with this process. */
export async function startNativeServers(options: StartServersOptions): Promise<Servers> {
  const log = options.log ?? (() => undefined);
  const account = serverAccount();
  const watchdog = startWatchdog();
  const durable = options.dataDir !== undefined;
  const root = durable ? resolve(options.dataDir as string) : mkdtempSync(join(tmpdir(), 'event-analytics-'));
  if (!durable) watchdog.removeAfterwards(root);
  const started: ServerProcess[] = [];

  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.stop()));
    if (!durable) rmSync(root, { recursive: true, force: true, maxRetries: 5 });
    await watchdog.dismiss();
  };

  try {
    mkdirSync(root, { recursive: true });
    if (account) chmodSync(root, 0o711);
    if (!canEnter(account, root)) {
      throw new Error(`The user ${account?.name ?? ''} that runs the servers may not enter ${root}.`);
    }
    const context: Context = { options, account, watchdog, durable, root, started, log };
    const wanted = options.only ?? ['postgres', 'redis', 'nats'];
    const urls: Partial<Pick<Servers, 'postgresUrl' | 'redisUrl' | 'natsUrl' | 'natsMonitorUrl'>> = {};
    const found: Partial<Record<ServerName, ServerProcess>> = {};
    const starts = {
      postgres: async () => {
        const { user, password, database } = { ...DEFAULT_POSTGRES, ...options.postgres };
        found.postgres = await start(context, 'postgres', (port, place) =>
          startPostgres({ ...place, port, durable, account, user, password, database }, watchdog),
        );
        const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
        urls.postgresUrl = `postgres://${login}@127.0.0.1:${found.postgres.port}/${encodeURIComponent(database)}`;
      },
      redis: async () => {
        found.redis = await start(context, 'redis', (port, place) =>
          startRedis({ ...place, port, durable, account }, watchdog),
        );
        urls.redisUrl = `redis://127.0.0.1:${found.redis.port}`;
      },
      nats: async () => {
        found.nats = await start(context, 'nats', async (port, place) => {
          const monitorPort = options.ports?.natsMonitor ?? (await freePort());
          urls.natsMonitorUrl = `http://127.0.0.1:${monitorPort}`;
          return startNats({ ...place, port, monitorPort, durable, account }, watchdog);
        });
        urls.natsUrl = `nats://127.0.0.1:${found.nats.port}`;
      },
    };
    // All are waited for also if one fails: what is still starting would be left behind.
    const outcomes = await Promise.allSettled(wanted.map((name) => starts[name]()));
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
    return { mode: 'native', postgresUrl: '', redisUrl: '', natsUrl: '', ...urls, ...found, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const DEFAULT_POSTGRES = { user: 'postgres', password: 'postgres', database: 'event_analytics' };

interface Context {
  options: StartServersOptions;
  account: Account;
  watchdog: Watchdog;
  durable: boolean;
  root: string;
  started: ServerProcess[];
  log: (line: string) => void;
}

/** In a directory of its own; tried anew on another port if we chose the port and somebody else took it meanwhile. */
async function start(
  { options, account, root, started, log }: Context,
  name: ServerName,
  launch: (port: number, place: { directory: string; logFile: string }) => Promise<ServerProcess>,
): Promise<ServerProcess> {
  const directory = join(root, name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (account) chownSync(directory, account.uid, account.gid);
  const place = { directory, logFile: join(root, `${name}.log`) };
  const given = options.ports?.[name];
  const startedMs = performance.now();
  for (let attempt = 1; ; attempt += 1) {
    try {
      const server = await launch(given ?? (await freePort()), place);
      started.push(server);
      log(`${server.name} is up on port ${server.port} (${Math.round(performance.now() - startedMs)} ms)`);
      return server;
    } catch (error) {
      if (given !== undefined || attempt === START_ATTEMPTS_MAX) throw error;
    }
  }
}
