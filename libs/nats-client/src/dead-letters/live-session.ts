import type { NatsConnectionHandle, NatsSession } from '../connection.js';
import { StreamUnavailableError } from '../errors.js';

/** Throws StreamUnavailableError while there is no connection. */
export function liveSession(nats: NatsConnectionHandle): NatsSession {
  const session = nats.session();
  if (!session) throw new StreamUnavailableError('disconnected', 'refused', 'not connected to NATS');
  return session;
}
