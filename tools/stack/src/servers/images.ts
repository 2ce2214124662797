import type { ServerName } from './types.js';

/** The images that docker-compose.yml names by default; a test holds the two together. */
const DEFAULT_IMAGES: Record<ServerName, string> = {
  postgres: 'timescale/timescaledb:2.28.3-pg17',
  redis: 'redis:7.4-alpine',
  nats: 'nats:2.12-alpine',
};

export function imageOf(name: ServerName, env: NodeJS.ProcessEnv = process.env): string {
  return env[`${name.toUpperCase()}_IMAGE`] || DEFAULT_IMAGES[name];
}
