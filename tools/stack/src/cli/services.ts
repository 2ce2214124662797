import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { startService, type ServiceProcess } from '../service.js';
import type { ServiceName, StackConfig } from './config.js';
import type { Say } from './progress.js';
import type { Workspace } from './workspace.js';

const READY_TIMEOUT_MS = 60_000;

/** In the order in which they are stopped: the front door takes no more before the rest goes. */
export const SERVICES: readonly ServiceName[] = [
  'front-door',
  'ingest-gateway',
  'stats-api',
  'jetstream-writer',
];

/** Starts one service and waits until it is ready; its log of the last run is kept beside the new one. */
export async function startStackService(
  name: ServiceName,
  o: { config: StackConfig; workspace: Workspace; env: Record<string, string>; say: Say },
): Promise<ServiceProcess> {
  const startedMs = performance.now();
  const logFile = join(o.workspace.logDir, `${name}.log`);
  if (existsSync(logFile)) renameSync(logFile, `${logFile}.1`);
  const service = await startService({
    app: name,
    port: o.config.servicePorts[name],
    host: name === 'front-door' ? o.config.host : '127.0.0.1',
    env: { ...o.env, ...ownEnvironment(name, o.config, o.env) },
    logFile,
  });
  try {
    await service.waitReady({ timeoutMs: READY_TIMEOUT_MS });
  } catch (error) {
    await service.stop();
    throw error;
  }
  o.say(`${name} is ready on ${service.url} (${Math.round(performance.now() - startedMs)} ms)`);
  return service;
}

function ownEnvironment(
  name: ServiceName,
  { servicePorts }: StackConfig,
  env: Record<string, string>,
): Record<string, string> {
  const url = (service: ServiceName): string => `http://127.0.0.1:${servicePorts[service]}`;
  if (name === 'front-door') {
    return {
      GATEWAY_URL: url('ingest-gateway'),
      STATS_URL: url('stats-api'),
      WRITER_URL: url('jetstream-writer'),
    };
  }
  // The front door is one proxy more than those that the environment counts.
  return { TRUST_PROXY: String((Number(env['TRUST_PROXY']) || 0) + 1) };
}
