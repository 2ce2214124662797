import { startComposeServers } from './compose.js';
import { decideMode, modeFrom } from './mode.js';
import { startNativeServers } from './native.js';
import { startContainerServers } from './testcontainers.js';
import type { Servers, StartServersOptions } from './types.js';

/**
 * Starts private PostgreSQL, Redis and NATS (JetStream) servers and waits until they are ready.
 * Without `dataDir` they are thrown away at the end, also when this process is killed. With it,
 * native servers keep their data there and containers keep it in volumes named after it.
 */
export async function startServers(options: StartServersOptions = {}): Promise<Servers> {
  const kept = options.dataDir !== undefined;
  const mode = await decideMode({
    wanted: options.mode ?? modeFrom(process.env),
    ...(options.only && { servers: options.only }),
    needsCompose: kept,
    announce: options.announce ?? options.log ?? (() => undefined),
  });
  if (mode === 'native') return startNativeServers(options);
  return kept ? startComposeServers(options) : startContainerServers(options);
}
