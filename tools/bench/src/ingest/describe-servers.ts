import { connect } from 'node:net';
import { totalmem } from 'node:os';
import { describeMachine, type Machine } from '../machine.js';
import { count } from '../numbers.js';
import type { Stack } from './stack.js';

export interface StackMachine extends Machine {
  memoryBytes: number;
  redis: string;
  nats: string;
}

/** Versions as the servers tell them; 'unknown' where one does not. */
export async function describeStack(stack: Stack): Promise<StackMachine> {
  const machine = await describeMachine(await stack.createDatabase('described'));
  const { natsMonitorUrl, redisUrl } = stack.servers;
  const nats = (await (await fetch(`${natsMonitorUrl ?? ''}/varz`)).json()) as { version?: string };
  return {
    ...machine,
    memoryBytes: totalmem(),
    redis: await redisVersion(Number(new URL(redisUrl).port)),
    nats: nats.version ?? 'unknown',
  };
}

/** The same for reading. */
export function machineText(machine: StackMachine): string {
  return `${count(machine.cores)} cores (${machine.cpu}), Node ${machine.node}, PostgreSQL ${machine.postgres} (${machine.storage}), Redis ${machine.redis}, NATS ${machine.nats}`;
}

function redisVersion(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.end('INFO server\r\nQUIT\r\n'));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', reject);
    socket.on('close', () => {
      resolve(/redis_version:(\S+)/.exec(text)?.[1] ?? 'unknown');
    });
  });
}
