import { readFileSync } from 'node:fs';
import { modeFrom } from '../servers/mode.js';
import { DEFAULT_LOGIN, type Login, type ServerName, type StackMode } from '../servers/types.js';

export class StackConfigError extends Error {
  override name = 'StackConfigError';
}

export type ServiceName = 'front-door' | 'ingest-gateway' | 'stats-api' | 'jetstream-writer';

export const SERVICE_PORTS: Record<ServiceName, { variable: string; fallback: number }> = {
  'front-door': { variable: 'FRONT_DOOR_PORT', fallback: 8000 },
  'ingest-gateway': { variable: 'GATEWAY_PORT', fallback: 8001 },
  'stats-api': { variable: 'STATS_PORT', fallback: 8002 },
  'jetstream-writer': { variable: 'WRITER_PORT', fallback: 8003 },
};

export const SERVER_PORTS = {
  postgres: 'POSTGRES_PORT',
  redis: 'REDIS_PORT',
  nats: 'NATS_PORT',
  natsMonitor: 'NATS_MONITOR_PORT',
} as const;

export type ServerPortName = keyof typeof SERVER_PORTS;

/** The variable of each server that, when set, names one that runs already: ours is not started then. */
const GIVEN_BY: Record<ServerName, readonly string[]> = {
  postgres: ['DATABASE_URL', 'DATABASE_URL_FILE', 'POSTGRES_HOST', 'POSTGRES_HOST_FILE'],
  redis: ['REDIS_URL', 'REDIS_URL_FILE'],
  nats: ['NATS_URL', 'NATS_URL_FILE'],
};

export interface StackConfig {
  mode: StackMode | 'auto';
  /** The address that the front door listens on. */
  host: string;
  servicePorts: Record<ServiceName, number>;
  /** Of our own servers, where the environment says; else remembered or free ones. */
  serverPorts: Partial<Record<ServerPortName, number>>;
  /** The variable that names each server that is given, if one does. */
  given: Partial<Record<ServerName, string>>;
  login: Login;
}

/** @throws StackConfigError with one line that names the variable */
export function readStackConfig(env: NodeJS.ProcessEnv): StackConfig {
  const given: StackConfig['given'] = {};
  for (const [name, variables] of Object.entries(GIVEN_BY) as [ServerName, readonly string[]][]) {
    const variable = variables.find((each) => env[each]);
    if (variable) given[name] = variable;
  }
  const servicePorts = Object.fromEntries(
    Object.entries(SERVICE_PORTS).map(([name, { variable, fallback }]) => [
      name,
      port(env, variable) ?? fallback,
    ]),
  ) as Record<ServiceName, number>;
  const serverPorts: StackConfig['serverPorts'] = {};
  for (const [name, variable] of Object.entries(SERVER_PORTS) as [ServerPortName, string][]) {
    const server = name === 'natsMonitor' ? 'nats' : name;
    const number = given[server] ? undefined : port(env, variable);
    if (number !== undefined) serverPorts[name] = number;
  }
  return {
    mode: modeFrom(env),
    host: env['HOST'] || '127.0.0.1',
    servicePorts,
    serverPorts,
    given,
    login: given.postgres
      ? DEFAULT_LOGIN
      : {
          user: text(env, 'POSTGRES_USER') ?? DEFAULT_LOGIN.user,
          password: text(env, 'POSTGRES_PASSWORD') ?? DEFAULT_LOGIN.password,
          database: text(env, 'POSTGRES_DB') ?? DEFAULT_LOGIN.database,
        },
  };
}

function port(env: NodeJS.ProcessEnv, variable: string): number | undefined {
  const value = env[variable];
  if (!value) return undefined;
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= 1 && number <= 65_535) return number;
  throw new StackConfigError(`${variable}=${value}: a port is a whole number from 1 to 65535.`);
}

/** The variable, or the content of the file that its …_FILE names, as the services read it. */
function text(env: NodeJS.ProcessEnv, variable: string): string | undefined {
  const file = env[`${variable}_FILE`];
  if (!file) return env[variable] || undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    throw new StackConfigError(`${variable}_FILE=${file}: the file cannot be read.`);
  }
}
