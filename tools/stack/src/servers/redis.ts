import { redisIsReady } from '../probes.js';
import type { Account } from '../account.js';
import { ServerStartError, startProcess, type ServerProcess } from '../server-process.js';
import { findProgram } from './programs.js';

export interface RedisOptions {
  directory: string;
  logFile: string;
  port: number;
  /** Keep what it has over a stop and a start (a snapshot, which is also taken every hour); tests keep nothing. */
  durable: boolean;
  account: Account;
}

const READY_TIMEOUT_MS = 20_000;

const DURABLE = [
  ...['--save', '3600 1', '--stop-writes-on-bgsave-error', 'no'],
  ...['--maxmemory', '512mb', '--maxmemory-policy', 'allkeys-lru'],
];

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
      '--appendonly',
      'no',
      // Marks and buckets may be lost and evicted at any time: PostgreSQL decides what counts.
      ...(options.durable ? DURABLE : ['--save', '']),
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
