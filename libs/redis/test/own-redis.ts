import { Redis } from 'ioredis';
import { startServers, type ServerProcess } from '@event-analytics/stack';
import { connectRedis, type RedisConnection, type RedisOptions } from '../src/index.js';

export interface OwnRedis {
  url: string;
  server: ServerProcess;
  /** A plain client for what an operator would do; made anew after the server was killed. */
  admin(): Redis;
  connect(o?: Partial<RedisOptions>): RedisConnection;
  stop(): Promise<void>;
}

/** A redis-server of this test file alone: it may be killed and paused. */
export async function startOwnRedis(): Promise<OwnRedis> {
  const servers = await startServers({ mode: 'native', only: ['redis'] });
  if (!servers.redis) throw new Error('no redis-server was started');
  const admins: Redis[] = [];
  const connections: RedisConnection[] = [];
  return {
    url: servers.redisUrl,
    server: servers.redis,
    admin() {
      const admin = new Redis(servers.redisUrl, { maxRetriesPerRequest: 1 });
      admin.on('error', () => undefined);
      admins.push(admin);
      return admin;
    },
    connect(o = {}) {
      const connection = connectRedis({
        url: servers.redisUrl,
        commandTimeoutMs: 50,
        probeIntervalMs: 100,
        onError: () => undefined,
        ...o,
      });
      connections.push(connection);
      return connection;
    },
    async stop() {
      for (const admin of admins) admin.disconnect();
      for (const connection of connections) await connection.close();
      await servers.stop();
    },
  };
}

export async function eventually(check: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!check()) {
    if (performance.now() > deadlineMs)
      throw new Error(`not true within ${timeoutMs} ms: ${check.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
