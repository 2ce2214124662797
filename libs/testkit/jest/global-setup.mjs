import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process, { env } from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath, URL } from 'node:url';

const GIVEN = ['EA_TEST_POSTGRES_URL', 'EA_TEST_REDIS_URL', 'EA_TEST_NATS_URL'];

/**
 * One private set of servers for the Jest run, unless the environment names some.
 * JavaScript, because Jest compiles neither the imports of a global setup nor knows our export
 * conditions there; the servers' owner is a process of its own, which runs the TypeScript.
 */
export default async function globalSetup() {
  if (GIVEN.every((name) => env[name])) return;

  const owner = spawn(
    process.execPath,
    [
      '--conditions=@event-analytics/source',
      '--import',
      import.meta.resolve('tsx'),
      fileURLToPath(new URL('../src/serve-test-servers.ts', import.meta.url)),
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let errors = '';
  owner.stderr.on('data', (chunk) => {
    process.stderr.write(chunk);
    errors = (errors + chunk).slice(-10_000);
  });
  const line = await Promise.race([
    once(createInterface({ input: owner.stdout }), 'line').then(([text]) => text),
    once(owner, 'close').then(() => undefined),
  ]);
  if (line === undefined) throw new Error(`The test servers did not start:\n${errors}`);
  const urls = JSON.parse(line);
  env.EA_TEST_POSTGRES_URL ??= urls.postgresUrl;
  env.EA_TEST_REDIS_URL ??= urls.redisUrl;
  env.EA_TEST_NATS_URL ??= urls.natsUrl;
  globalThis.__eventAnalyticsTestServers = owner;
}
