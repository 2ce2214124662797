import { spawnSync } from 'node:child_process';
import { startServers } from '../src/index.js';
import { imageOf } from '../src/servers/images.js';
import { waitUntil } from '../src/wait-until.js';
import { addMessage, redis, sql } from './clients.js';
import { runScript } from './processes.js';

const docker = (...args: string[]) => spawnSync('docker', args, { encoding: 'utf8', timeout: 30_000 });
const images = (['postgres', 'redis', 'nats'] as const).map((name) => imageOf(name));
// Not pulled for a test: where they are missing, the tests run on native servers anyway.
const available = images.every((image) => docker('image', 'inspect', image).status === 0);
const withDocker = available ? test : test.skip;

withDocker(
  'containers are servers like others: killed, they come back at the same address with their data',
  async () => {
    const servers = await startServers({ mode: 'docker' });
    try {
      await sql(servers.postgresUrl, 'CREATE TABLE kept (n int)');
      expect(await addMessage(servers.natsUrl, 'KEPT')).toBe(1);
      for (const server of [servers.postgres, servers.redis, servers.nats]) {
        await server?.kill('SIGKILL');
        await server?.restart();
      }
      expect(await sql(servers.postgresUrl, 'SELECT * FROM kept')).toEqual([]);
      expect(await redis(servers.redisUrl, 'PING')).toBe('+PONG');
      expect(await addMessage(servers.natsUrl, 'KEPT')).toBe(2);
    } finally {
      await servers.stop();
    }
  },
);

withDocker('the end of the parent by SIGKILL is the end of its containers', async () => {
  const run = runScript('test/start-and-hang.ts', ['docker']);
  await run.says('started', 110_000);
  const { ports } = JSON.parse(run.output().split('\n')[0] ?? '') as { ports: number[] };
  const published = (): string => docker('ps', '--format', '{{.Ports}}').stdout;
  expect(ports.every((port) => published().includes(`:${port}->`))).toBe(true);
  run.child.kill('SIGKILL');
  const gone = (): boolean => !ports.some((port) => published().includes(`:${port}->`));
  expect(await waitUntil(gone, { timeoutMs: 60_000, everyMs: 500 })).toBe(true);
});
