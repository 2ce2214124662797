import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.js';
import { natsIsReady, postgresIsReady, redisIsReady } from '../probes.js';
import { ServerStartError } from '../server-process.js';
import { waitUntil } from '../wait-until.js';
import { composeCommand, runCommand } from './docker-engine.js';
import {
  ALL_SERVERS,
  DEFAULT_LOGIN,
  postgresUrlOf,
  type Servers,
  type StartServersOptions,
} from './types.js';

const COMPOSE_FILE = fileURLToPath(new URL('../../../../docker-compose.yml', import.meta.url));
const UP_TIMEOUT_MS = 180_000;
const READY_TIMEOUT_MS = 120_000;

/** A project of its own for each folder: it must not meet the whole service started by docker-compose up. */
function compose(command: readonly string[], dataDir: string, ...args: string[]): string[] {
  return [...command, '--project-name', projectOf(dataDir), '--file', COMPOSE_FILE, ...args];
}

function projectOf(dataDir: string): string {
  return `event-analytics-start-${createHash('sha256').update(dataDir).digest('hex').slice(0, 8)}`;
}

/** The compose file's PostgreSQL, Redis and NATS, with their data in its volumes. */
export async function startComposeServers(options: StartServersOptions): Promise<Servers> {
  const command = await composeCommand();
  if (!command) throw new ServerStartError('Neither `docker compose` nor `docker-compose` is there.');
  const dataDir = options.dataDir ?? '';
  const login = { ...DEFAULT_LOGIN, ...options.login };
  const wanted = options.only ?? ALL_SERVERS;
  const ports = {
    postgres: options.ports?.postgres ?? (await freePort()),
    redis: options.ports?.redis ?? (await freePort()),
    nats: options.ports?.nats ?? (await freePort()),
    natsMonitor: options.ports?.natsMonitor ?? (await freePort()),
  };
  const env = {
    ...process.env,
    POSTGRES_PORT: String(ports.postgres),
    REDIS_PORT: String(ports.redis),
    NATS_PORT: String(ports.nats),
    NATS_MONITOR_PORT: String(ports.natsMonitor),
    POSTGRES_USER: login.user,
    POSTGRES_PASSWORD: login.password,
    POSTGRES_DB: login.database,
  };
  const run = async (...args: string[]): Promise<void> => {
    const outcome = await runCommand(compose(command, dataDir, ...args), { timeoutMs: UP_TIMEOUT_MS, env });
    if (!outcome.ok)
      throw new ServerStartError(`docker compose ${args.join(' ')} failed:\n${outcome.message}`);
  };
  // down, without --volumes: the containers go, what they stored stays.
  const stop = (): Promise<void> => run('down');

  const startedMs = performance.now();
  try {
    await run('up', '--detach', ...wanted);
    const checks = {
      postgres: () => postgresIsReady(ports.postgres),
      redis: () => redisIsReady(ports.redis),
      nats: () => natsIsReady(ports.nats, ports.natsMonitor),
    };
    for (const name of wanted) {
      if (!(await waitUntil(checks[name], { timeoutMs: READY_TIMEOUT_MS, everyMs: 100 }))) {
        throw new ServerStartError(`${name} in its container was not ready within ${READY_TIMEOUT_MS} ms.`);
      }
      options.log?.(
        `${name} is up in a container on port ${ports[name]} (${Math.round(performance.now() - startedMs)} ms)`,
      );
    }
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
  const has = (name: (typeof wanted)[number], url: string): string => (wanted.includes(name) ? url : '');
  return {
    mode: 'docker',
    postgresUrl: has('postgres', postgresUrlOf(login, ports.postgres)),
    redisUrl: has('redis', `redis://127.0.0.1:${ports.redis}`),
    dataPlace: `the volumes of the Docker project ${projectOf(dataDir)}`,
    natsUrl: has('nats', `nats://127.0.0.1:${ports.nats}`),
    ...(wanted.includes('nats') && { natsMonitorUrl: `http://127.0.0.1:${ports.natsMonitor}` }),
    stop,
  };
}

/** Removes the containers of an earlier start that was killed, and with `volumes` what they stored. */
export async function removeComposeServers(
  dataDir: string,
  { volumes }: { volumes: boolean },
): Promise<void> {
  const command = await composeCommand();
  if (!command) return;
  const args = volumes ? ['down', '--volumes'] : ['down'];
  await runCommand(compose(command, dataDir, ...args), { timeoutMs: UP_TIMEOUT_MS });
}
