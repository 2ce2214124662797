import { redisIsReady } from '../probes.js';
import type { Account } from '../account.js';
import { ServerStartError, startProcess, type ServerProcess } from '../server-process.js';
import { findProgram } from './programs.js';

export interface RedisOptions {
  directory: string;
  logFile: string;
  port: number;
  /** Keep what it has over restarts (append-only file); tests keep nothing. */
  durable: boolean;
  account: Account;
}

const READY_TIMEOUT_MS = 20_000;

/** A private Redis on the loopback address. */
export async function startRedis(options: RedisOptions): Promise<ServerProcess> {
  const command = findProgram('redis-server');
  if (!command)
    throw new ServerStartError('redis-server was not found. Install Redis 7, give REDIS_URL, or use Docker.');
  return startProcess({
    name: 'Redis',
    command,
    args: [
      ...[
        '--bind',
        '127.0.0.1',
        '--port',
        String(options.port),
        '--dir',
        options.directory,
        '--daemonize',
        'no',
      ],
      ...['--save', '', '--appendonly', options.durable ? 'yes' : 'no'],
      // Marks and buckets may be evicted at any time: PostgreSQL decides what counts.
      ...(options.durable ? ['--maxmemory', '256mb', '--maxmemory-policy', 'allkeys-lru'] : []),
    ],
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
    cwd: options.directory,
    port: options.port,
    logFile: options.logFile,
    account: options.account,
    stopSignal: 'SIGTERM',
    readyTimeoutMs: READY_TIMEOUT_MS,
    isReady: () => redisIsReady(options.port),
  });
}
