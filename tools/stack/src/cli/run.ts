import { rmSync } from 'node:fs';
import { acquireLock, LockHeldError } from '../lock.js';
import { recordRunning, stopOrphans } from '../orphans.js';
import type { ServerProcess } from '../server-process.js';
import type { Servers } from '../servers/types.js';
import { buildApps, importSample, migrateDatabase } from './apps.js';
import { StackConfigError, type StackConfig } from './config.js';
import { serviceEnvironment } from './environment.js';
import { requireFreePorts, servicePorts } from './ports.js';
import { timed, type Say } from './progress.js';
import { SERVICES, startStackService } from './services.js';
import { startStackServers } from './stack-servers.js';
import { createSupervisor } from './supervisor.js';
import { infraSummary, startSummary } from './summary.js';
import type { Workspace } from './workspace.js';

export interface RunOptions {
  command: 'start' | 'infra';
  reset: boolean;
  sample: boolean;
  config: StackConfig;
  env: NodeJS.ProcessEnv;
  workspace: Workspace;
  say: Say;
  /** Aborted when everything is to stop. */
  signal: AbortSignal;
  giveUp: (reason: string) => void;
}

/** Everything that runs, and how to stop it in order. */
export interface RunningStack {
  stop(): Promise<void>;
}

/**
 * Brings everything up, prints what the user needs, and returns what runs. What was started before
 * a failure or an abort is stopped again.
 */
export async function runStack(o: RunOptions): Promise<RunningStack> {
  const { config, workspace, say, signal } = o;
  const lock = await acquireLock(workspace.lockFile).catch((error: unknown) => {
    if (!(error instanceof LockHeldError)) throw error;
    throw new StackConfigError(
      `Another start (process ${error.holderPid}) runs on this folder: stop it first, or use a second clone.`,
    );
  });
  let servers: Servers | undefined;
  const services: ServerProcess[] = [];
  const record = (): void => {
    const own = [servers?.postgres, servers?.redis, servers?.nats].filter((server) => server !== undefined);
    recordRunning(workspace.runningFile, [...services, ...own]);
  };
  const supervisor = createSupervisor({ say, giveUp: o.giveUp, onRestarted: record });
  const stop = async (): Promise<void> => {
    supervisor.stop();
    // The front door first, then the services side by side, then what they stand on.
    const order = (process: ServerProcess): number =>
      Math.min(
        1,
        SERVICES.findIndex((name) => name === process.name),
      );
    for (const wave of [0, 1]) {
      await Promise.all(
        services.filter((service) => order(service) === wave).map((service) => service.stop()),
      );
    }
    await servers?.stop();
    rmSync(workspace.runningFile, { force: true });
    lock.release();
  };

  try {
    await stopOrphans(workspace.runningFile, say);
    if (o.command === 'start') await requireFreePorts(servicePorts(config));
    signal.throwIfAborted();

    const failed = new AbortController();
    const giveUp = (error: unknown): never => {
      failed.abort();
      throw error;
    };
    const outcomes = await Promise.allSettled([
      startStackServers({ config, workspace, reset: o.reset, say })
        .then((result) => {
          servers = result;
          record();
        })
        .catch(giveUp),
      o.command === 'start' &&
        timed(say, 'The apps are built', () =>
          buildApps(workspace, AbortSignal.any([signal, failed.signal])),
        ),
    ]);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
    signal.throwIfAborted();
    for (const server of [servers?.postgres, servers?.redis, servers?.nats])
      if (server) supervisor.watch(server);

    const env = serviceEnvironment(o.env, config, servers);
    if (o.command === 'infra') {
      process.stdout.write(infraSummary(servers, config));
      return { stop };
    }
    await timed(say, 'The database is migrated', () => migrateDatabase(workspace, env, signal));
    const starts = await Promise.allSettled(
      SERVICES.map(async (name) => {
        const service = await startStackService(name, { config, workspace, env, say });
        services.push(service);
        supervisor.watch(service);
        record();
      }),
    );
    for (const outcome of starts) if (outcome.status === 'rejected') throw outcome.reason;
    signal.throwIfAborted();
    if (o.sample) await importSample(workspace, env, signal, say);
    process.stdout.write(startSummary(config, servers, workspace));
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
