import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServers } from '@event-analytics/stack';
import { connectDatabase, unsafeSettings, type ConnectOptions } from '../src/index.js';

const unsafe = async (url: string, settings: ConnectOptions['settings'] = {}) => {
  const db = connectDatabase({ url, applicationName: 'test', maxConnections: 1, settings });
  try {
    return (await unsafeSettings(db, { timeoutMs: 5_000 })).map(({ name, value }) => `${name}=${value}`);
  } finally {
    await db.end({ timeout: 1 });
  }
};

test('names what makes a commit less than kept: a server whose data is thrown away', async () => {
  const servers = await startServers({ only: ['postgres'], mode: 'native' });
  try {
    expect(await unsafe(servers.postgresUrl)).toEqual(['fsync=off', 'full_page_writes=off']);
  } finally {
    await servers.stop();
  }
}, 60_000);

test('finds nothing where data is kept; a commit of ours is written whatever the default is', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'durable-'));
  const servers = await startServers({ only: ['postgres'], mode: 'native', dataDir });
  try {
    const { postgresUrl: url } = servers;
    expect(await unsafe(url)).toEqual([]);
    const db = connectDatabase({ url, applicationName: 'test', maxConnections: 1 });
    await db.run((sql) => sql.unsafe('ALTER ROLE CURRENT_USER SET synchronous_commit = off'));
    await db.end({ timeout: 1 });
    expect(await unsafe(url)).toEqual([]);
    expect(await unsafe(url, { synchronous_commit: 'off' })).toEqual(['synchronous_commit=off']);
  } finally {
    await servers.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}, 60_000);
