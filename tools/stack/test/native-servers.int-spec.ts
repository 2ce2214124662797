import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { freePort, startServers, type Servers } from '../src/index.js';
import { waitUntil } from '../src/wait-until.js';
import { addMessage, redis, sql } from './clients.js';
import { isRunning, runScript, temporaryDirectory } from './processes.js';

describe('servers that keep their data', () => {
  const directory = temporaryDirectory();
  let servers: Servers;

  beforeAll(async () => {
    servers = await startServers({ mode: 'native', dataDir: directory.path });
    await sql(servers.postgresUrl, 'CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)');
    expect(await redis(servers.redisUrl, 'SET kept 1')).toBe('+OK');
    expect(await addMessage(servers.natsUrl, 'KEPT')).toBe(1);
  });
  afterAll(async () => {
    await servers.stop();
    directory.remove();
  });

  const expectKept = async (messages: number): Promise<void> => {
    expect(await sql(servers.postgresUrl, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    expect(await redis(servers.redisUrl, 'GET kept')).toContain('1');
    expect(await addMessage(servers.natsUrl, 'KEPT')).toBe(messages);
  };

  test('PostgreSQL is durable, speaks UTF-8 and listens on the loopback address alone', async () => {
    const [row] = await sql(
      servers.postgresUrl,
      `SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS pages,
              current_setting('server_encoding') AS encoding, current_setting('listen_addresses') AS listens`,
    );
    expect(row).toEqual({ fsync: 'on', pages: 'on', encoding: 'UTF8', listens: '127.0.0.1' });
  });

  test('killed and restarted they have the same address and all that they had', async () => {
    const before = servers.postgres?.pid;
    for (const server of [servers.postgres, servers.redis, servers.nats]) {
      await server?.kill('SIGKILL');
      expect(server?.pid).toBe(0);
      await server?.restart();
    }
    expect(servers.postgres?.pid).not.toBe(before);
    await expectKept(2);
  });

  test('a paused one answers nothing, and goes on when continued', async () => {
    await servers.redis?.kill('SIGSTOP');
    const answer = redis(servers.redisUrl, 'PING');
    expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 300, 'nothing'))])).toBe(
      'nothing',
    );
    await servers.redis?.kill('SIGCONT');
    expect(await answer).toBe('+PONG');
  });

  test('a paused one can be stopped', async () => {
    await servers.nats?.kill('SIGSTOP');
    await servers.nats?.stop();
    expect(servers.nats?.pid).toBe(0);
    await servers.nats?.restart();
  });

  test('stopped and started anew on the same directory they have all that they had', async () => {
    await servers.stop();
    servers = await startServers({ mode: 'native', dataDir: directory.path });
    await expectKept(3);
  });

  test('who dies without being told is reported', async () => {
    const how = new Promise((resolve) => servers.redis?.onUnexpectedExit(resolve));
    process.kill(servers.redis?.pid ?? 0, 'SIGKILL');
    expect(await how).toBe('by SIGKILL');
    await servers.redis?.restart();
  });
});

test('only what is asked for is started, on the port that is asked for', async () => {
  const port = await freePort();
  const servers = await startServers({ mode: 'native', only: ['redis'], ports: { redis: port } });
  expect(servers.redisUrl).toBe(`redis://127.0.0.1:${port}`);
  expect([servers.postgresUrl, servers.natsUrl]).toEqual(['', '']);
  await servers.stop();
});

test('a port that is taken is an error, though somebody answers there', async () => {
  const first = await startServers({ mode: 'native', only: ['redis'] });
  const port = first.redis?.port ?? 0;
  try {
    await expect(startServers({ mode: 'native', only: ['redis'], ports: { redis: port } })).rejects.toThrow(
      `Redis cannot start: port ${port} is taken by another program.`,
    );
  } finally {
    await first.stop();
  }
});

test('stop leaves no process and no file', async () => {
  const servers = await startServers({ mode: 'native' });
  const pids = [servers.postgres, servers.redis, servers.nats].map((server) => server?.pid ?? 0);
  const directory = dirname(servers.postgres?.logFile ?? '');
  expect(existsSync(directory)).toBe(true);
  await servers.stop();
  expect(pids.filter(isRunning)).toEqual([]);
  expect(existsSync(directory)).toBe(false);
});

test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)(
  'the end of the parent by %s is the end of its servers and their files',
  async (signal) => {
    const run = runScript('test/start-and-hang.ts', []);
    await run.says('started');
    const { pids, log } = JSON.parse(run.output().split('\n')[0] ?? '') as { pids: number[]; log: string };
    expect(pids.every(isRunning)).toBe(true);
    run.child.kill(signal);
    expect(await waitUntil(() => !pids.some(isRunning), { timeoutMs: 10_000 })).toBe(true);
    expect(await waitUntil(() => !existsSync(dirname(log)), { timeoutMs: 10_000 })).toBe(true);
  },
);
