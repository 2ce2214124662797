import { connect } from 'node:net';
import { withDatabase } from '../queries/servers.js';
import type { Stack } from './stack.js';

/** Versions, as the servers tell them; 'unknown' where one does not. */
export async function describeServers(
  stack: Stack,
): Promise<{ postgres: string; storage: string; redis: string; nats: string }> {
  const url = await stack.createDatabase('described');
  const database = await withDatabase(url, async (db) => {
    const [row] = await db.run(
      (sql) => sql<{ postgres: string; storage: string }[]>`
        SELECT current_setting('server_version') AS postgres, kind AS storage FROM event_storage`,
    );
    return row ?? { postgres: 'unknown', storage: 'unknown' };
  });
  const { natsMonitorUrl, redisUrl } = stack.servers;
  const nats = (await (await fetch(`${natsMonitorUrl ?? ''}/varz`)).json()) as { version?: string };
  return {
    ...database,
    redis: await redisVersion(Number(new URL(redisUrl).port)),
    nats: nats.version ?? 'unknown',
  };
}

function redisVersion(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('INFO server\r\nQUIT\r\n'));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(/redis_version:(\S+)/.exec(text)?.[1] ?? 'unknown');
    });
  });
}
