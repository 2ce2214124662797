import { startNativeServers } from './native.js';
import type { Servers, StartServersOptions } from './types.js';

/**
 * Starts private PostgreSQL, Redis and NATS (JetStream) servers and waits until they are ready.
 * They end with this process, however it ends.
 */
export async function startServers(options: StartServersOptions = {}): Promise<Servers> {
  return startNativeServers(options);
}
