import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { asAccount, type Account } from '../account.js';
import { postgresIsReady } from '../probes.js';
import { ServerStartError, startProcess, type ServerProcess } from '../server-process.js';
import { reachablePrograms } from './directories.js';
import { findPostgres, type PostgresBinaries } from './postgres-binaries.js';

export interface PostgresOptions {
  directory: string;
  logFile: string;
  port: number;
  /** false only where the data may be lost: tests. */
  durable: boolean;
  account: Account;
  user: string;
  password: string;
  database: string;
}

const READY_TIMEOUT_MS = 60_000;
const INITDB_TIMEOUT_MS = 120_000;

/** A private PostgreSQL on the loopback address; its cluster is made on the first start. */
export async function startPostgres(options: PostgresOptions): Promise<ServerProcess> {
  const data = join(options.directory, 'data');
  const binaries = usable(findPostgres({ major: majorOf(data) }), options.account);
  if (!binaries) {
    throw new ServerStartError(
      'PostgreSQL 15 or newer was not found. Install it, name its folder of programs in PG_BIN_DIR, give DATABASE_URL, or use Docker.',
    );
  }
  const major = majorOf(data);
  if (major !== undefined && major !== binaries.major) {
    throw new ServerStartError(
      `The data in ${data} was made by PostgreSQL ${major}, the one found is ${binaries.major} (${binaries.binDir}). Name the folder of programs of ${major} in PG_BIN_DIR, or begin empty with --reset.`,
    );
  }
  if (major === undefined) await createCluster(data, binaries, options);

  return startProcess({
    name: 'PostgreSQL',
    command: join(binaries.binDir, 'postgres'),
    args: [
      '-D',
      data,
      ...Object.entries(settings(options, binaries)).flatMap(([k, v]) => ['-c', `${k}=${v}`]),
    ],
    env: serverEnv(),
    cwd: options.directory,
    port: options.port,
    logFile: options.logFile,
    account: options.account,
    // Fast shutdown; a cluster to be thrown away needs not even its last checkpoint.
    stopSignal: options.durable ? 'SIGINT' : 'SIGQUIT',
    readyTimeoutMs: READY_TIMEOUT_MS,
    // Sessions of a killed server hold its shared memory until they notice.
    restartPatienceMs: 15_000,
    isReady: () => postgresIsReady(options.port),
  });
}

/** Of the cluster in this folder; undefined if there is none. */
function majorOf(data: string): number | undefined {
  const file = join(data, 'PG_VERSION');
  return existsSync(file) ? Number(readFileSync(file, 'utf8')) : undefined;
}

function usable(found: PostgresBinaries | undefined, account: Account): PostgresBinaries | undefined {
  return found && { ...found, binDir: reachablePrograms(found.binDir, account) };
}

function settings(options: PostgresOptions, binaries: PostgresBinaries): Record<string, string> {
  return {
    listen_addresses: '127.0.0.1',
    port: String(options.port),
    unix_socket_directories: '',
    max_connections: '200',
    // The key of events is in no order: what does not fit is read again and again. And a checkpoint a minute writes
    // each of its pages to the log as a whole, once more.
    ...(options.durable
      ? { shared_buffers: '512MB', max_wal_size: '4GB', checkpoint_timeout: '15min' }
      : { shared_buffers: '128MB' }),
    max_locks_per_transaction: '256',
    log_checkpoints: 'off',
    ...(binaries.timescaledb && {
      shared_preload_libraries: 'timescaledb',
      'timescaledb.telemetry_level': 'off',
    }),
    ...(!options.durable && { fsync: 'off', full_page_writes: 'off' }),
  };
}

/** Made beside its place and renamed at the end, so that an interrupted one is never taken for whole. */
async function createCluster(
  place: string,
  binaries: PostgresBinaries,
  options: PostgresOptions,
): Promise<void> {
  const data = `${place}.new`;
  const passwordFile = join(options.directory, 'password');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { mode: 0o700 });
  writeFileSync(passwordFile, options.password, { mode: 0o600 });
  if (options.account) {
    for (const path of [data, passwordFile]) chownSync(path, options.account.uid, options.account.gid);
  }
  chmodSync(data, 0o700);
  const run = promisify(execFile);
  const how = {
    ...asAccount(options.account),
    cwd: options.directory,
    env: serverEnv(),
    timeout: INITDB_TIMEOUT_MS,
  };
  try {
    await run(
      join(binaries.binDir, 'initdb'),
      [
        ...['-D', data, '-U', options.user, '--encoding=UTF8', '--locale=C', '--auth=scram-sha-256'],
        `--pwfile=${passwordFile}`,
        ...(options.durable ? [] : ['--no-sync']),
      ],
      how,
    );
    await createDatabase(data, binaries, options);
    renameSync(data, place);
  } catch (error) {
    rmSync(data, { recursive: true, force: true });
    throw new ServerStartError(
      `PostgreSQL's initdb failed: ${error instanceof Error ? error.message : String(error)}`,
    );
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** By single-user mode, since not every installation brings psql or createdb. */
async function createDatabase(
  data: string,
  binaries: PostgresBinaries,
  options: PostgresOptions,
): Promise<void> {
  if (options.database === 'postgres') return;
  const run = promisify(execFile)(join(binaries.binDir, 'postgres'), ['--single', '-D', data, 'postgres'], {
    ...asAccount(options.account),
    cwd: options.directory,
    env: serverEnv(),
    timeout: INITDB_TIMEOUT_MS,
  });
  run.child.stdin?.end(`CREATE DATABASE "${options.database.replaceAll('"', '""')}"\n`);
  await run;
}

/** Nothing of the caller's: PGDATA, PGPORT and the like would be obeyed. */
function serverEnv(): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
}
