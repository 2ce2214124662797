import type { NatsConnectionHandle, NatsSession } from '@event-analytics/nats-client';
import type { Process } from '../../time/virtual-time.js';
import type { World } from '../../world.js';
import type { Network } from '../network.js';
import type { NatsServer } from './server.js';
import { createSession } from './session.js';

const RECONNECT_MS_MIN = 50;
const RECONNECT_MS_MAX = 1_000;
const DIAL_TIMEOUT_MS = 2_000;

/**
 * What connectNats gives: connected again and again, each connection a session of its own. connectNats itself makes
 * sockets by the driver and is not simulated.
 */
export function createNatsHandle(
  world: World,
  o: { network: Network; server: NatsServer; client: Process },
): NatsConnectionHandle {
  const { time, random, faults, trace } = world;
  const { network, server, client } = o;
  const hooks = new Set<(session: NatsSession) => void>();
  let current: NatsSession | undefined;
  let connects = 0;
  let closed = false;

  function connectLater(): void {
    if (closed) return;
    const waitMs = RECONNECT_MS_MIN + random.fraction() * (RECONNECT_MS_MAX - RECONNECT_MS_MIN);
    time.after(waitMs, client, dial);
  }

  function dial(): void {
    const serverProcess = server.process();
    if (!serverProcess.alive || faults.strikes('connection_refused')) return connectLater();
    let settled = false;
    const connection = network.connect({
      client,
      server: serverProcess,
      onClientClosed: () => (settled ? session.close() : giveUp()),
      onServerClosed: () => server.dropRequests((inbox) => session.owns(inbox)),
    });
    const session = createSession(world, { connection, server, onClosed: disconnected });
    const cancel = time.after(DIAL_TIMEOUT_MS, client, () => {
      connection.cut();
    });
    connection.toServer(() =>
      connection.toClient(() => {
        cancel();
        settled = true;
        connected(session.session);
      }),
    );
    function giveUp(): void {
      cancel();
      connectLater();
    }
  }

  function connected(session: NatsSession): void {
    current = session;
    connects += 1;
    trace(() => 'is connected to nats');
    for (const hook of [...hooks]) hook(session);
  }

  function disconnected(): void {
    current = undefined;
    connectLater();
  }

  time.after(network.delayMs(), client, dial);

  return {
    session: () => current,
    connected: () => current !== undefined,
    whenConnected(signal) {
      if (current) return Promise.resolve(current);
      return new Promise((resolve, reject) => {
        const hook = (session: NatsSession): void => {
          hooks.delete(hook);
          signal?.removeEventListener('abort', abort);
          resolve(session);
        };
        const abort = (): void => {
          hooks.delete(hook);
          reject(new Error('gave up waiting for NATS'));
        };
        hooks.add(hook);
        signal?.addEventListener('abort', abort, { once: true });
        if (signal?.aborted) abort();
      });
    },
    onConnected(hook) {
      hooks.add(hook);
      if (current) hook(current);
      return () => hooks.delete(hook);
    },
    status: () => ({ connected: current !== undefined, connects }),
    close() {
      closed = true;
      return Promise.resolve();
    },
  };
}
