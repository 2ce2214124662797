import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below every system's range of ephemeral ports: there a client that keeps trying a dead server's
 * port can be given that same port as its own, connect to itself, and so take it from the server.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 31_999;
const ATTEMPTS_MAX = 200;

/**
 * Ports are taken in blocks. Who listens on the first of a block has all of it, until its process ends: two
 * processes never choose the same port, also where its server is killed and is yet to come back.
 */
const PORTS_IN_BLOCK = 16;
const BLOCKS = Math.floor((LAST_PORT + 1 - FIRST_PORT) / PORTS_IN_BLOCK);

const ours: number[] = [];
let asked: Promise<unknown> = Promise.resolve();

/** Whether nothing listens on the port of this host (loopback address by default). */
export function isPortFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * A TCP port that is free on every address now, that this process has not handed out before, and that no other process
 * hands out while this one lives.
 */
export function freePort(reserved: readonly number[] = []): Promise<number> {
  const port = asked.then(() => nextPort(reserved));
  asked = port.catch(() => undefined);
  return port;
}

async function nextPort(reserved: readonly number[]): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = ours.shift();
    if (port === undefined) {
      const first = FIRST_PORT + randomInt(BLOCKS) * PORTS_IN_BLOCK;
      if (await keep(first)) {
        for (let i = 1; i < PORTS_IN_BLOCK; i += 1) ours.push(first + i);
      }
    } else if (!reserved.includes(port) && (await isPortFree(port)) && (await isPortFree(port, '0.0.0.0'))) {
      return port;
    }
  }
  throw new Error(`No free port found between ${FIRST_PORT} and ${LAST_PORT} in ${ATTEMPTS_MAX} attempts.`);
}

/** Listens there for as long as this process lives. @returns false if somebody else does */
function keep(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const mark = createServer((socket) => socket.destroy());
    mark.once('error', () => resolve(false));
    mark.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true));
    mark.unref();
  });
}
