import { endChild, nextMessage, startChild } from './child.js';

export interface Peer {
  readonly pid: number;
  readonly port: number;
  stop(): Promise<void>;
}

/** A yardstick as a process of its own: a file that ends with servePeer(). */
export async function startPeer(file: URL, args: readonly string[]): Promise<Peer> {
  const child = startChild(file, args);
  const { port } = (await nextMessage(child, file.pathname)) as { port: number };
  return { pid: child.pid ?? 0, port, stop: () => endChild(child) };
}
