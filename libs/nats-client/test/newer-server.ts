import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';

export interface NewerServer {
  natsUrl: string;
  monitoringUrl: string;
  /** What /varz says of syncing from now on; undefined: it answers 500. */
  setSync(sync: { sync_always?: true; sync_interval?: number } | undefined): void;
  /** Another server's id in /varz. */
  pretendToBe(serverId: string | undefined): void;
  close(): Promise<void>;
}

/**
 * A NATS that says of itself that it is newer than it is: its INFO and /varz pass with another version, and /varz with
 * the fields of nats-server's JetStreamConfig that came with 2.10. It stores and acknowledges as the real one does.
 */
export async function newerServer(o: {
  natsUrl: string;
  monitoringUrl: string;
  version: string;
}): Promise<NewerServer> {
  let sync: object | undefined = { sync_always: true, sync_interval: 120_000_000_000 };
  let id: string | undefined;
  const target = new URL(o.natsUrl);

  const nats = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    upstream.once('data', (info) => {
      client.write(
        info.toString('latin1').replace(/"version":"[^"]*"/, `"version":"${o.version}"`),
        'latin1',
      );
      upstream.pipe(client);
    });
    client.pipe(upstream);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      socket.on('error', () => undefined);
      socket.on('close', () => other.destroy());
    }
  });
  const monitoring = createHttpServer((request, response) => {
    void (async () => {
      if (sync === undefined) {
        response.writeHead(500).end();
        return;
      }
      const real = await fetch(new URL(request.url ?? '/', o.monitoringUrl));
      const varz = (await real.json()) as { server_id: string; jetstream: { config: object } };
      const { jetstream } = varz;
      response.end(
        JSON.stringify({
          ...varz,
          version: o.version,
          server_id: id ?? varz.server_id,
          jetstream: { ...jetstream, config: { ...jetstream.config, ...sync } },
        }),
      );
    })().catch(() => response.writeHead(502).end());
  });
  const [natsPort, monitoringPort] = [await listening(nats), await listening(monitoring)];

  return {
    natsUrl: `nats://127.0.0.1:${natsPort}`,
    monitoringUrl: `http://127.0.0.1:${monitoringPort}`,
    setSync: (next) => (sync = next),
    pretendToBe: (serverId) => (id = serverId),
    async close() {
      monitoring.closeAllConnections();
      await Promise.all([nats, monitoring].map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
