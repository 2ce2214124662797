import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from '../account.js';
import { natsIsReady } from '../probes.js';
import { ServerStartError, startProcess, type ServerProcess } from '../server-process.js';
import { findProgram } from './programs.js';

export interface NatsOptions {
  directory: string;
  logFile: string;
  port: number;
  monitorPort: number;
  /** Sync every message before it is acknowledged, where the server can (2.10 or newer). */
  durable: boolean;
  account: Account;
}

const READY_TIMEOUT_MS = 60_000;

/** A private NATS server with JetStream on the loopback address. */
export async function startNats(options: NatsOptions): Promise<ServerProcess> {
  const command = findProgram('nats-server');
  if (!command)
    throw new ServerStartError(
      'nats-server was not found. Install NATS 2.9 or newer, give NATS_URL, or use Docker.',
    );
  const configFile = join(options.directory, 'nats.conf');
  writeFileSync(configFile, configuration(options, canSyncAlways(command)), { mode: 0o644 });
  return startProcess({
    name: 'NATS',
    command,
    args: ['--config', configFile],
    env: { PATH: process.env['PATH'], TZ: 'UTC' },
    cwd: options.directory,
    port: options.port,
    logFile: options.logFile,
    account: options.account,
    stopSignal: 'SIGTERM',
    readyTimeoutMs: READY_TIMEOUT_MS,
    isReady: () => natsIsReady(options.port, options.monitorPort),
  });
}

/** The limit on stored bytes is the server's own, so that a full disk is met by a refused publish. */
function configuration(options: NatsOptions, syncAlways: boolean): string {
  return [
    'host: "127.0.0.1"',
    `port: ${options.port}`,
    `http: "127.0.0.1:${options.monitorPort}"`,
    'server_name: "event-analytics"',
    'max_payload: 1MB',
    'jetstream {',
    `  store_dir: ${JSON.stringify(join(options.directory, 'store'))}`,
    `  max_file_store: ${options.durable ? '8GB' : '2GB'}`,
    '  max_memory_store: 64MB',
    ...(options.durable && syncAlways ? ['  sync_interval: always'] : []),
    '}',
    '',
  ].join('\n');
}

/** The setting came with 2.10; an older server refuses a file that names it. */
function canSyncAlways(command: string): boolean {
  const version = /v(\d+)\.(\d+)/.exec(execFileSync(command, ['--version'], { encoding: 'utf8' }));
  const [major = 0, minor = 0] = version?.slice(1).map(Number) ?? [];
  return major > 2 || (major === 2 && minor >= 10);
}
