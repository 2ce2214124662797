import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  /** The database's URL by way of the proxy. */
  url: string;
  /** From now on nothing passes, in either direction, and nobody is told. */
  blackHole: () => void;
  /** New connections pass again. */
  heal: () => void;
  /** Lets the next answers of the server be lost: the connection is cut when one comes. */
  cutAtNextAnswer: () => void;
  close: () => Promise<void>;
}

export async function startTcpProxy(databaseUrl: string): Promise<TcpProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let silent = false;
  let cutting = false;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => silent || upstream.write(data));
    upstream.on('data', (data) => {
      if (cutting) {
        cutting = false;
        client.destroy();
        upstream.destroy();
      } else if (!silent) client.write(data);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    blackHole: () => (silent = true),
    heal: () => (silent = false),
    cutAtNextAnswer: () => (cutting = true),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
