import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below every system's range of ephemeral ports: there a client that keeps trying a dead server's
 * port can be given that same port as its own, connect to itself, and so take it from the server.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 31_999;
const ATTEMPTS_MAX = 200;

const handedOut = new Set<number>();

/** Whether nothing listens on the port of this host (loopback address by default). */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/** A TCP port that is free on every address now and that this process has not handed out before. */
export async function freePort(reserved: readonly number[] = []): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = randomInt(FIRST_PORT, LAST_PORT + 1);
    if (handedOut.has(port) || reserved.includes(port)) continue;
    if ((await isPortFree(port)) && (await isPortFree(port, '0.0.0.0'))) {
      handedOut.add(port);
      return port;
    }
  }
  throw new Error(`No free port found between ${FIRST_PORT} and ${LAST_PORT} in ${ATTEMPTS_MAX} attempts.`);
}
