import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { freePort } from '../src/index.js';
import { waitUntil } from '../src/wait-until.js';
import { sql } from './clients.js';
import { isRunning, runScript, temporaryDirectory, type Run } from './processes.js';

const directory = temporaryDirectory();
const stateDir = join(directory.path, 'state');
const runs: Run[] = [];

function stack(args: string[], env: Record<string, string> = {}): Run {
  const run = runScript('src/main.ts', args, { STACK: 'native', STACK_DIR: stateDir, ...env });
  runs.push(run);
  return run;
}

const SERVICE_PORTS = ['FRONT_DOOR_PORT', 'GATEWAY_PORT', 'STATS_PORT', 'WRITER_PORT'];

/** The usual ones may be in use: an `npm start` may be running beside the tests. */
async function freeServicePorts(): Promise<Record<string, string>> {
  const ports: Record<string, string> = {};
  for (const variable of SERVICE_PORTS) ports[variable] = String(await freePort());
  return ports;
}

const databaseUrl = (run: Run): string => /DATABASE_URL=(.*)/.exec(run.output())?.[1] ?? '';
const recorded = (): { pid: number }[] =>
  JSON.parse(readFileSync(join(stateDir, 'running.json'), 'utf8')) as { pid: number }[];

afterAll(async () => {
  for (const run of runs) {
    run.child.kill('SIGINT');
    await run.ended;
  }
  directory.remove();
});

test('a second start on the same folder is refused; Ctrl-C ends the first with 0 and leaves nothing running', async () => {
  const first = stack(['infra']);
  await first.says('ready:');
  const pids = recorded().map(({ pid }) => pid);
  expect(pids).toHaveLength(3);

  const second = stack(['infra']);
  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(/^error: Another start \(process \d+\) runs on this folder/m);

  await sql(databaseUrl(first), 'CREATE TABLE kept (n int)');
  first.child.kill('SIGINT');
  expect(await first.ended).toBe(0);
  expect(pids.filter(isRunning)).toEqual([]);
  expect(existsSync(join(stateDir, 'lock'))).toBe(false);
});

test('the next start has the same data at the same address; --reset has none', async () => {
  const again = stack(['infra']);
  await again.says('ready:');
  const url = databaseUrl(again);
  expect(await sql(url, "SELECT to_regclass('kept') AS kept")).toEqual([{ kept: 'kept' }]);
  again.child.kill('SIGTERM');
  expect(await again.ended).toBe(0);

  const reset = stack(['infra', '--reset']);
  await reset.says('ready:');
  expect(databaseUrl(reset)).toBe(url);
  expect(await sql(url, "SELECT to_regclass('kept') AS kept")).toEqual([{ kept: null }]);
});

test('a killed start, even with its watchdog, does not hinder the next one', async () => {
  const killed = runs.at(-1) as Run;
  const before = recorded().map(({ pid }) => pid);
  // Nothing is told that it is over: as when a container or a session is torn down in part.
  const watchdogs = childrenOf(killed.child.pid ?? 0).filter((pid) => !before.includes(pid));
  for (const pid of watchdogs) process.kill(pid, 'SIGKILL');
  killed.child.kill('SIGKILL');
  await killed.ended;
  expect(before.every(isRunning)).toBe(true);

  const next = stack(['infra']);
  await next.says('ready:');
  expect(next.output()).toContain('left behind by a start that was killed');
  expect(before.filter(isRunning)).toEqual([]);
  next.child.kill('SIGINT');
  expect(await next.ended).toBe(0);
});

test('a server that dies is restarted, with the end of its log shown', async () => {
  const run = stack(['infra']);
  await run.says('ready:');
  const { pid } = recorded()[1] as { pid: number };
  process.kill(pid, 'SIGKILL');
  await run.says('Redis runs again');
  expect(run.output()).toMatch(/Redis ended by SIGKILL; the end of its log/);
  expect(await waitUntil(() => recorded()[1]?.pid !== pid, { timeoutMs: 5_000 })).toBe(true);
  run.child.kill('SIGINT');
  expect(await run.ended).toBe(0);
});

test('Ctrl-C in the middle of a start stops what had been started, with 0', async () => {
  const run = stack(['start'], await freeServicePorts());
  await run.says('PostgreSQL is up');
  run.child.kill('SIGINT');
  expect(await run.ended).toBe(0);
  expect(run.output()).not.toContain('ready:');
  expect(existsSync(join(stateDir, 'lock'))).toBe(false);
  expect(existsSync(join(stateDir, 'running.json'))).toBe(false);
  const next = stack(['infra']);
  await next.says('ready:');
  expect(next.output()).not.toContain('left behind');
  next.child.kill('SIGINT');
  expect(await next.ended).toBe(0);
});

test('a port that is taken is one line that names the variable, before anything is started', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const port = String((holder.address() as AddressInfo).port);
  // A listening server that a failure leaves behind would keep Jest from ending.
  try {
    for (const variable of SERVICE_PORTS) {
      const run = stack(['start'], { ...(await freeServicePorts()), [variable]: port });
      expect(await run.ended).toBe(1);
      expect(run.output()).toBe(
        `error: Port ${port} is taken by another program: set ${variable} to a free one.\n`,
      );
    }
    const run = stack(['infra'], { POSTGRES_PORT: port });
    expect(await run.ended).toBe(1);
    expect(run.output()).toContain(
      `error: Port ${port} is taken by another program: set POSTGRES_PORT to a free one.`,
    );
    expect(existsSync(join(stateDir, 'running.json'))).toBe(false);
  } finally {
    holder.close();
  }
});

test.each([
  [{ FRONT_DOOR_PORT: 'x' }, 'FRONT_DOOR_PORT=x: a port is a whole number from 1 to 65535.'],
  [{ STATS_PORT: '70000' }, 'STATS_PORT=70000: a port is a whole number from 1 to 65535.'],
  [{ STACK: 'podman' }, 'STACK=podman: it is auto, docker or native.'],
  [{ GATEWAY_PORT: '8002' }, 'GATEWAY_PORT and STATS_PORT are both 8002: each needs a port of its own.'],
  [{ POSTGRES_PASSWORD_FILE: '/nowhere' }, 'POSTGRES_PASSWORD_FILE=/nowhere: the file cannot be read.'],
])('a wrong setting %j is one line', async (env, line) => {
  const run = stack(['start'], env);
  expect(await run.ended).toBe(1);
  expect(run.output()).toBe(`error: ${line}\n`);
});

test('servers that the environment names are not started', async () => {
  const run = stack(['infra'], { DATABASE_URL: 'postgres://h/d', NATS_URL: 'nats://h' });
  await run.says('ready:');
  expect(run.output()).toContain('postgres is the one that DATABASE_URL names');
  expect(recorded()).toHaveLength(1);
  run.child.kill('SIGINT');
  expect(await run.ended).toBe(0);
});

test('an unknown argument is refused with the usage', async () => {
  const run = stack(['start', '--rest']);
  expect(await run.ended).toBe(1);
  expect(run.output()).toContain('Usage: npm start');
});

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return stdout
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter(([, parent]) => parent === pid)
    .map(([child]) => child ?? 0);
}
