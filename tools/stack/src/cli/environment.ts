import type { Servers } from '../servers/types.js';
import type { StackConfig } from './config.js';

/**
 * What services and importer run with: our own environment, without what is the command line's
 * business, and with the addresses of the servers that we run.
 */
export function serviceEnvironment(
  env: NodeJS.ProcessEnv,
  config: StackConfig,
  servers: Servers | undefined,
): Record<string, string> {
  const without = /^(npm_|PORT$|PORT_FILE$|HOST$|HOST_FILE$|NODE_OPTIONS$)/;
  const mine = Object.entries(env).filter(([name, value]) => value !== undefined && !without.test(name));
  const result = Object.fromEntries(mine) as Record<string, string>;
  if (!servers) return result;
  if (!config.given.postgres) {
    for (const name of Object.keys(result)) if (name.startsWith('POSTGRES_')) delete result[name];
    result['DATABASE_URL'] = servers.postgresUrl;
  }
  if (!config.given.redis) result['REDIS_URL'] = servers.redisUrl;
  if (!config.given.nats) result['NATS_URL'] = servers.natsUrl;
  return result;
}
