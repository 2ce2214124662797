import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLock } from '../lock.js';
import { ServerStartError } from '../server-process.js';
import { findProgram } from './programs.js';
import { findPostgres } from './postgres-binaries.js';
import type { ServerName } from './types.js';

interface PackageManager {
  command: string;
  needsRoot: boolean;
  /** Run before the installation; may fail (an old list may do). */
  refresh?: string[];
  install: string[];
  packages: Record<ServerName, string>;
}

const MANAGERS: readonly PackageManager[] = [
  {
    command: 'apt-get',
    needsRoot: true,
    refresh: ['update', '-qq'],
    install: ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300'],
    packages: { postgres: 'postgresql', redis: 'redis-server', nats: 'nats-server' },
  },
  {
    command: 'dnf',
    needsRoot: true,
    install: ['install', '-y', '-q'],
    packages: { postgres: 'postgresql-server', redis: 'redis', nats: 'nats-server' },
  },
  {
    command: 'apk',
    needsRoot: true,
    install: ['add', '--quiet', '--update-cache'],
    packages: { postgres: 'postgresql', redis: 'redis', nats: 'nats-server' },
  },
  {
    command: 'brew',
    needsRoot: false,
    install: ['install', '--quiet'],
    packages: { postgres: 'postgresql@17', redis: 'redis', nats: 'nats-server' },
  },
];

const PROGRAMS = { redis: 'redis-server', nats: 'nats-server' } as const;
const LOCK_TIMEOUT_MS = 600_000;
const INSTALL_TIMEOUT_MS = 600_000;
const POLICY_FILE = '/usr/sbin/policy-rc.d';

/** Installs the servers that are not there, with the system's package manager; announces it first. */
export async function installMissing(
  wanted: readonly ServerName[],
  announce: (line: string) => void = () => undefined,
): Promise<void> {
  if (missing(wanted).length === 0) return;
  // Several test runs may find the same thing missing at the same time.
  await withLock({ file: join(tmpdir(), 'event-analytics-install.lock'), timeoutMs: LOCK_TIMEOUT_MS }, () =>
    Promise.resolve(install(missing(wanted), announce)),
  );
}

function missing(wanted: readonly ServerName[]): ServerName[] {
  return wanted.filter((name) =>
    name === 'postgres' ? findPostgres() === undefined : findProgram(PROGRAMS[name]) === undefined,
  );
}

function install(names: ServerName[], announce: (line: string) => void): void {
  if (names.length === 0) return;
  const manager = MANAGERS.find(({ command }) => findProgram(command));
  if (!manager) throw cannotInstall(names, 'no apt-get, dnf, apk or brew was found');
  const prefix = manager.needsRoot && process.getuid?.() !== 0 ? sudo() : [];
  if (!prefix) throw cannotInstall(names, 'installing them needs root, and there is no sudo');

  const command = [...prefix, manager.command];
  const packages = names.map((name) => manager.packages[name]);
  announce(
    `Not installed here: ${names.join(', ')}. Running: ${[...command, 'install', ...packages].join(' ')}`,
  );
  if (manager.refresh) run([...command, ...manager.refresh]);
  const restorePolicy = manager.command === 'apt-get' ? keepFromStarting(prefix) : () => undefined;
  let outcome: string | undefined;
  try {
    outcome = run([...command, ...manager.install, ...packages]);
  } finally {
    restorePolicy();
  }
  const still = missing(names);
  if (still.length > 0)
    throw cannotInstall(still, outcome ?? `${manager.command} did not bring a version that will do`);
  if (manager.command === 'apt-get') disableUnits(prefix, packages);
}

/** What went wrong, or undefined. */
function run(command: string[]): string | undefined {
  const [program = '', ...args] = command;
  const result = spawnSync(program, args, {
    // sudo asks for its password on the terminal, if there is one.
    stdio: ['inherit', 'pipe', 'pipe'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    encoding: 'utf8',
    timeout: INSTALL_TIMEOUT_MS,
  });
  if (result.status === 0) return undefined;
  const lastLines = `${result.stderr}`.trim().split('\n').slice(-5).join('\n');
  return `${command.join(' ')} failed: ${result.error?.message ?? lastLines}`;
}

function sudo(): string[] | undefined {
  if (!findProgram('sudo')) return undefined;
  return process.stdin.isTTY ? ['sudo'] : ['sudo', '-n'];
}

/** Debian starts a server as soon as it is installed, on its usual port; this is its documented way not to. */
function keepFromStarting(prefix: string[]): () => void {
  if (existsSync(POLICY_FILE)) return () => undefined;
  if (prefix.length === 0) {
    writeFileSync(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
    return () => rmSync(POLICY_FILE, { force: true });
  }
  run([
    ...prefix,
    'sh',
    '-c',
    `printf '#!/bin/sh\\nexit 101\\n' >${POLICY_FILE} && chmod 755 ${POLICY_FILE}`,
  ]);
  return () => void run([...prefix, 'rm', '-f', POLICY_FILE]);
}

/** Nor shall they start at the next boot: only what we have just installed ourselves is touched. */
function disableUnits(prefix: string[], packages: string[]): void {
  if (findProgram('systemctl')) run([...prefix, 'systemctl', 'disable', ...packages]);
}

function cannotInstall(names: ServerName[], why: string): ServerStartError {
  const urls = { postgres: 'DATABASE_URL', redis: 'REDIS_URL', nats: 'NATS_URL' };
  return new ServerStartError(
    `${names.join(', ')} could not be had: ${why}. Instead you can install them yourself ` +
      '(PostgreSQL 15, Redis 7, NATS 2.9 or newer), start Docker, ' +
      `or name running ones in ${names.map((name) => urls[name]).join(', ')}.`,
  );
}
