import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServers } from '@event-analytics/stack';
import { createTestDatabase, testServers, uniqueName } from '@event-analytics/testkit';

/** main.ts from source; ended by itself, or by us once it has said what we wait for. */
async function runWriter(env: Record<string, string>, until: RegExp) {
  const stream = uniqueName('EVENTS');
  const child = spawn(
    process.execPath,
    ['--import=tsx', '--conditions=@event-analytics/source', join(__dirname, '../src/main.ts')],
    {
      env: {
        PATH: process.env['PATH'],
        HOST: '127.0.0.1',
        PORT: '0',
        NATS_URL: testServers().natsUrl,
        // Nothing monitors there; a server that is too old is not even asked.
        NATS_MONITORING_URL: 'http://127.0.0.1:1',
        NATS_STREAM: stream,
        NATS_SUBJECT: `${stream}.ingest`,
        INDEXER: 'false',
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  const take = (chunk: Buffer) => {
    output += chunk.toString();
    // A second one would end it at once.
    if (until.test(output) && !child.killed) child.kill('SIGTERM');
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, output };
}

const never = /^\b$/;

test('STRICT_DURABILITY ends the start with one line where PostgreSQL does not sync; without it that is a warning', async () => {
  // The servers of tests don't: their data is thrown away.
  const database = await createTestDatabase();
  try {
    const DATABASE_URL = database.url;
    const strict = await runWriter({ DATABASE_URL, STRICT_DURABILITY: 'true' }, never);
    expect(strict.code).toBe(1);
    expect(strict.output).toMatch(/^STRICT_DURABILITY: PostgreSQL has fsync = off .*: set it to on$/m);
    const lax = await runWriter({ DATABASE_URL }, /"event":"writer_started"/);
    expect(lax.code).toBe(0);
    expect(lax.output.match(/"event":"database_not_durable"/g)).toHaveLength(2);
  } finally {
    await database.drop();
  }
}, 60_000);

test('STRICT_DURABILITY ends the start with one line where NATS is not known to sync', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'durable-'));
  const servers = await startServers({ only: ['postgres'], mode: 'native', dataDir });
  try {
    const env = { DATABASE_URL: servers.postgresUrl, STRICT_DURABILITY: 'true' };
    const { code, output } = await runWriter(env, never);
    expect(code).toBe(1);
    expect(output).toMatch(/^STRICT_DURABILITY: .*(upgrade it|set NATS_MONITORING_URL)$/m);
    expect(output).not.toMatch(/database_not_durable|stream_created/);
  } finally {
    await servers.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 60_000);
