import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** true: bytes are taken from nobody and given to nobody, and connections stay open; also new ones. */
  blackHole(on: boolean): void;
  close(): Promise<void>;
}

/** Stands between client and server and can swallow everything, as a network does whose packets are dropped. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let swallowing = false;
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      if (swallowing) from.pause();
      from.pipe(to);
      if (swallowing) from.unpipe(to).pause();
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    blackHole(on) {
      swallowing = on;
      for (const socket of sockets) {
        // What was swallowed stays swallowed: those connections never come back to life.
        if (on) socket.unpipe().pause();
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
