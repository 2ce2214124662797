import { setTimeout as sleep } from 'node:timers/promises';
import type { StartedTestContainer } from 'testcontainers';
import { freePort } from '../free-port.js';
import { natsIsReady, postgresIsReady, redisIsReady } from '../probes.js';
import { ServerStartError, type ServerProcess } from '../server-process.js';
import { waitUntil } from '../wait-until.js';
import { processWatchdog } from '../watchdog.js';
import { runCommand } from './docker-engine.js';
import { imageOf } from './images.js';
import {
  ALL_SERVERS,
  DEFAULT_LOGIN,
  postgresUrlOf,
  type Servers,
  type StartServersOptions,
} from './types.js';

const READY_TIMEOUT_MS = 90_000;
const DOCKER_TIMEOUT_MS = 30_000;
const NOT_ENDING: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGCONT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

interface ContainerPlan {
  name: string;
  image: string;
  /** Port in the container → port here. */
  ports: [container: number, host: number][];
  command: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  isReady: () => Promise<boolean>;
}

/** Servers in containers that are thrown away, on free ports of this machine. */
export async function startContainerServers(options: StartServersOptions): Promise<Servers> {
  const started: { stop(): Promise<void> }[] = [];
  const servers: Servers = {
    mode: 'docker',
    postgresUrl: '',
    redisUrl: '',
    natsUrl: '',
    async stop() {
      await Promise.all(started.map((server) => server.stop()));
    },
  };
  const starts = { postgres, redis, nats };
  const outcomes = await Promise.allSettled(
    (options.only ?? ALL_SERVERS).map(async (name) => {
      const part = await starts[name](options, (server) => started.push(server));
      Object.assign(servers, part);
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (!failed) return servers;
  await servers.stop();
  throw failed.reason;
}

type Keep = (server: { stop(): Promise<void> }) => void;

async function postgres(options: StartServersOptions, keep: Keep): Promise<Partial<Servers>> {
  const login = { ...DEFAULT_LOGIN, ...options.login };
  const port = options.ports?.postgres ?? (await freePort());
  const server = await startContainer(
    {
      name: 'PostgreSQL',
      image: imageOf('postgres'),
      ports: [[5432, port]],
      environment: {
        POSTGRES_USER: login.user,
        POSTGRES_PASSWORD: login.password,
        POSTGRES_DB: login.database,
        TIMESCALEDB_TELEMETRY: 'off',
      },
      command: ['postgres', '-c', 'fsync=off', '-c', 'full_page_writes=off', '-c', 'max_connections=200'],
      isReady: () => postgresIsReady(port),
    },
    keep,
  );
  return { postgres: server, postgresUrl: postgresUrlOf(login, port) };
}

async function redis(options: StartServersOptions, keep: Keep): Promise<Partial<Servers>> {
  const port = options.ports?.redis ?? (await freePort());
  const server = await startContainer(
    {
      name: 'Redis',
      image: imageOf('redis'),
      ports: [[6379, port]],
      command: ['redis-server', '--protected-mode', 'no', '--save', '', '--appendonly', 'no'],
      isReady: () => redisIsReady(port),
    },
    keep,
  );
  return { redis: server, redisUrl: `redis://127.0.0.1:${port}` };
}

async function nats(options: StartServersOptions, keep: Keep): Promise<Partial<Servers>> {
  const port = options.ports?.nats ?? (await freePort());
  const monitorPort = options.ports?.natsMonitor ?? (await freePort());
  const server = await startContainer(
    {
      name: 'NATS',
      image: imageOf('nats'),
      ports: [
        [4222, port],
        [8222, monitorPort],
      ],
      entrypoint: ['nats-server'],
      command: ['-js', '-sd', '/data', '-m', '8222'],
      isReady: () => natsIsReady(port, monitorPort),
    },
    keep,
  );
  return {
    nats: server,
    natsUrl: `nats://127.0.0.1:${port}`,
    natsMonitorUrl: `http://127.0.0.1:${monitorPort}`,
  };
}

async function startContainer(plan: ContainerPlan, keep: Keep): Promise<ServerProcess> {
  // Our watchdog does what its helper container does, without one more image to pull.
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true';
  const { GenericContainer, Wait } = await import('testcontainers');
  let builder = new GenericContainer(plan.image)
    .withExposedPorts(...plan.ports.map(([container, host]) => ({ container, host })))
    .withEnvironment(plan.environment ?? {})
    .withCommand(plan.command)
    .withStartupTimeout(READY_TIMEOUT_MS)
    .withWaitStrategy(Wait.forListeningPorts());
  if (plan.entrypoint) builder = builder.withEntrypoint(plan.entrypoint);
  const container = await builder.start();
  processWatchdog().removeContainerAfterwards(container.getId());
  const server = containerProcess(container, plan);
  keep({ stop: async () => void (await container.stop({ timeout: 0, removeVolumes: true })) });
  await ready(plan);
  return server;
}

async function ready(plan: ContainerPlan): Promise<void> {
  if (await waitUntil(plan.isReady, { timeoutMs: READY_TIMEOUT_MS, everyMs: 50 })) return;
  throw new ServerStartError(`${plan.name} in its container was not ready within ${READY_TIMEOUT_MS} ms.`);
}

/** A container's main process as tests want to treat any server: its port is fixed, so a restart keeps it. */
function containerProcess(container: StartedTestContainer, plan: ContainerPlan): ServerProcess {
  const id = container.getId();
  const docker = async (...args: string[]): Promise<string> => {
    const outcome = await runCommand(['docker', ...args], { timeoutMs: DOCKER_TIMEOUT_MS });
    if (!outcome.ok) throw new Error(`docker ${args.join(' ')}: ${outcome.message}`);
    return outcome.output.trim();
  };
  const running = async (): Promise<boolean> =>
    (await docker('inspect', '--format', '{{.State.Running}}', id)) === 'true';
  const stop = async (): Promise<void> => void (await docker('stop', id));
  return {
    name: plan.name,
    port: plan.ports[0]?.[1] ?? 0,
    // The process lives in the engine's machine: there is no number of ours for it.
    pid: 0,
    logFile: '',
    stopSignal: 'SIGTERM',
    async kill(signal) {
      if (!(await running())) return;
      await docker('kill', '--signal', signal, id);
      while (!NOT_ENDING.includes(signal) && (await running())) await sleep(20);
    },
    stop,
    async restart() {
      await stop();
      await docker('start', id);
      await ready(plan);
    },
    onUnexpectedExit: () => undefined,
  };
}
