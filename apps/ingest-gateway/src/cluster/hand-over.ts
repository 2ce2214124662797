import type { Worker } from 'node:cluster';

/** For reading what a worker had said before it died. */
const LAST_WORDS_MS = 100;

/** What node:cluster (lib/internal/cluster) sends with a connection for a worker, and gets back. */
interface ClusterMessage {
  cmd?: unknown;
  act?: unknown;
  seq?: unknown;
  ack?: unknown;
}

/**
 * Has a connection that was handed to a worker in the moment of its death go to another one. node:cluster waits for
 * ever for the dead worker's word that it has it, and the client for an answer. A worker says so before it reads
 * anything of it, so one without that word is as good as new: node:cluster is told what a worker that stops in order
 * would have said, that it does not take it.
 *
 * These messages are node's own business; where they change, this does nothing.
 */
export function handOverWhenItDies({ process: child }: Worker): void {
  const unanswered = new Set<number>();

  const send = child.send.bind(child) as (...args: unknown[]) => boolean;

  child.send = (...args: unknown[]) => {
    const message = asClusterMessage(args[0]);
    if (message?.act === 'newconn' && typeof message.seq === 'number') unanswered.add(message.seq);
    return send(...args);
  };
  child.on('internalMessage', (received: unknown) => {
    const message = asClusterMessage(received);
    if (typeof message?.ack === 'number') unanswered.delete(message.ack);
  });
  // "disconnect" would be the moment, but does not come while a connection is on its way.
  child.once('exit', () => setTimeout(giveBack, LAST_WORDS_MS));

  function giveBack(): void {
    for (const ack of unanswered)
      child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack, accepted: false });
  }
}

function asClusterMessage(message: unknown): ClusterMessage | undefined {
  if (typeof message !== 'object' || message === null) return undefined;
  const { cmd } = message as ClusterMessage;
  return cmd === 'NODE_CLUSTER' ? message : undefined;
}
