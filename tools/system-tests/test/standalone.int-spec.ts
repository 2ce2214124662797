import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { startServers, startService, type Servers } from '@event-analytics/stack';

const run = promisify(execFile);
const REPOSITORY = resolve(import.meta.dirname, '../../..');

/**
 * Each application from its pruned folder alone: copied out of the repository, its own npm ci,
 * started. What it forgot to declare, or reaches for beside itself, fails here.
 */
describe('a pruned folder without the repository', () => {
  let servers: Servers;
  let folder: string;

  beforeAll(async () => {
    servers = await startServers({ mode: 'native' });
    folder = await mkdtemp(join(tmpdir(), 'standalone-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await servers.stop();
  });

  async function install(app: string): Promise<string> {
    const target = join(folder, app);
    await cp(join(REPOSITORY, 'apps', app, 'dist'), target, { recursive: true });
    await run('npm', ['ci', '--omit=dev', '--ignore-scripts', '--prefer-offline'], { cwd: target });
    return join(target, 'main.js');
  }

  const env = () => ({
    ENVIRONMENT: 'test',
    HOST: '127.0.0.1',
    DATABASE_URL: servers.postgresUrl,
    REDIS_URL: servers.redisUrl,
    NATS_URL: servers.natsUrl,
  });

  test('importer migrates an empty database', async () => {
    const mainJs = await install('importer');
    const { stdout, stderr } = await run('node', [mainJs, 'migrate'], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...env() },
    });
    expect(`${stdout}${stderr}`).toContain('0001');
  }, 120_000);

  test.each(['ingest-gateway', 'jetstream-writer', 'stats-api'])(
    '%s starts, is healthy and shows its documentation',
    async (app) => {
      const mainJs = await install(app);
      const service = await startService({ app, mainJs, env: env() });
      try {
        await service.waitReady({ timeoutMs: 30_000 });
        const health = await fetch(`${service.url}/health`);
        expect([health.status, await health.json()]).toEqual([
          200,
          expect.objectContaining({ status: 'ok', service: app }),
        ]);
        const docs = await fetch(`${service.url}/docs/`);
        expect([docs.status, await docs.text()]).toEqual([200, expect.stringContaining('swagger-ui')]);
      } finally {
        await service.stop();
      }
    },
    120_000,
  );

  test('front-door starts and says that the services behind it are away', async () => {
    const mainJs = await install('front-door');
    const nobody = 'http://127.0.0.1:9';
    const service = await startService({
      app: 'front-door',
      mainJs,
      env: { HOST: '127.0.0.1', GATEWAY_URL: nobody, STATS_URL: nobody, WRITER_URL: nobody },
    });
    try {
      const live = await fetch(`${service.url}/health/live`);
      expect(live.status).toBe(200);
      const health = await fetch(`${service.url}/health`);
      expect(health.status).toBe(503);
    } finally {
      await service.stop();
    }
  }, 120_000);
});
