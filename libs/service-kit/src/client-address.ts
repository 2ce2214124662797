import type { IncomingMessage } from 'node:http';
import type { Express } from 'express';

type Trust = (address: string, hop: number) => boolean;

/**
 * The client's address as Express' `request.ip` says it, by the application's `trust proxy`, of a request that
 * Express hasn't seen.
 */
export function clientAddress(app: Express, request: IncomingMessage): string | undefined {
  const own = request.socket.remoteAddress;
  const header = request.headers['x-forwarded-for'];
  if (header === undefined || own === undefined) return own;
  const trust = app.get('trust proxy fn') as Trust;
  // From the nearest proxy back to the client: the first that isn't trusted is as far as can be believed.
  const hops = String(header)
    .split(',')
    .map((address) => address.trim())
    .filter((address) => address !== '')
    .reverse();
  let address = own;
  for (const [hop, before] of hops.entries()) {
    if (!trust(address, hop)) return address;
    address = before;
  }
  return address;
}
