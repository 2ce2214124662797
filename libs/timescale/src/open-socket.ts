import { connect, type Socket } from 'node:net';

/** What the driver knows when it wants a connection. */
interface Target {
  host: readonly string[];
  port: readonly number[];
  /** Of a Unix socket; then host and port mean nothing. */
  path?: string | false | undefined;
}

/**
 * Makes the driver's sockets, which it makes without TCP_NODELAY: what ends a COPY is small, follows larger data, and would
 * wait for the acknowledgement of that, which Linux puts off for 40 ms.
 *
 * They are handed over while they still connect: all that is written waits, and errors come as the driver's own sockets
 * would tell them.
 */
export function socketOpener(): (target: Target) => Promise<Socket> {
  let opened = 0;
  return async ({ host, port, path }) => {
    // Behind an await: what fails at once is told in the next tick, and the driver listens before that.
    await Promise.resolve();
    if (path) return connect({ path });
    // Of several hosts one after the other, as the driver does.
    const turn = opened++ % port.length;
    const address = { host: host[turn] ?? 'localhost', port: port[turn] ?? 5432 };
    // The driver names them in its errors, and the host is the name it expects in a certificate.
    return Object.assign(connect({ ...address, noDelay: true }), address);
  };
}
