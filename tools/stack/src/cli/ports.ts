import { readFileSync, writeFileSync } from 'node:fs';
import { freePort, isPortFree } from '../free-port.js';
import {
  SERVER_PORTS,
  SERVICE_PORTS,
  StackConfigError,
  type ServerPortName,
  type ServiceName,
  type StackConfig,
} from './config.js';

/** @throws StackConfigError naming the variable of the first port that is taken */
export async function requireFreePorts(
  ports: readonly { variable: string; port: number; host: string }[],
): Promise<void> {
  const seen = new Map<number, string>();
  for (const { variable, port } of ports) {
    const other = seen.get(port);
    if (other)
      throw new StackConfigError(`${other} and ${variable} are both ${port}: each needs a port of its own.`);
    seen.set(port, variable);
  }
  for (const { variable, port, host } of ports) {
    if (!(await isPortFree(port, host))) {
      throw new StackConfigError(`Port ${port} is taken by another program: set ${variable} to a free one.`);
    }
  }
}

export function servicePorts(config: StackConfig): { variable: string; port: number; host: string }[] {
  return (Object.keys(SERVICE_PORTS) as ServiceName[]).map((name) => ({
    variable: SERVICE_PORTS[name].variable,
    port: config.servicePorts[name],
    host: name === 'front-door' ? config.host : '127.0.0.1',
  }));
}

/**
 * The ports of our own servers: those that the environment sets (an error if one is taken), else
 * those of the last start while they are free, else free ones, remembered for the next start.
 */
export async function settleServerPorts(
  wanted: StackConfig['serverPorts'],
  file: string,
  /** Those of services that are yet to be started. */
  reserved: readonly number[],
): Promise<Record<ServerPortName, number>> {
  const remembered = read(file);
  const settled: Partial<Record<ServerPortName, number>> = {};
  for (const name of Object.keys(SERVER_PORTS) as ServerPortName[]) {
    const set = wanted[name];
    if (set !== undefined) {
      await requireFreePorts([{ variable: SERVER_PORTS[name], port: set, host: '127.0.0.1' }]);
    }
    const last = remembered[name];
    const usable =
      last !== undefined &&
      ![...Object.values(wanted), ...reserved].includes(last) &&
      (await isPortFree(last));
    settled[name] = set ?? (usable ? last : await freePort(reserved));
  }
  const ports = settled as Record<ServerPortName, number>;
  writeFileSync(file, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}

function read(file: string): Partial<Record<ServerPortName, number>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Partial<Record<ServerPortName, number>>;
  } catch {
    return {};
  }
}
