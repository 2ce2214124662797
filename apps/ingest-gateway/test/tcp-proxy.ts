import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  url: string;
  /** What the server says is dropped, on connections made so far; what it is told arrives. */
  dropAnswers(): void;
  /** Cuts every connection; those made from now on work. */
  cut(): void;
  close(): Promise<void>;
}

/** Stands between the gateway and NATS. */
export async function startTcpProxy(natsUrl: string): Promise<TcpProxy> {
  const target = new URL(natsUrl);
  const pairs = new Set<{ client: Socket; upstream: Socket; deaf: boolean }>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    const pair = { client, upstream, deaf: false };
    pairs.add(pair);
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => {
      if (!pair.deaf) client.write(data);
    });
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => pairs.forEach((pair) => pair.client.destroy());
  return {
    url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dropAnswers: () => pairs.forEach((pair) => (pair.deaf = true)),
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
