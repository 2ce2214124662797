import { endChild, nextMessage, startChild } from '../child.js';
import type { ClientCommand } from './http-client-process.js';
import type { Answer, HttpClient } from './http-timing.js';

/**
 * A client of this service in a process of its own: this one makes millions of events and folds them, and what its
 * garbage collector takes is no part of an answer's time.
 */
export async function startClient(url: string): Promise<HttpClient> {
  const child = startChild(new URL('./http-client-process.ts', import.meta.url), []);
  const tell = async (command: ClientCommand): Promise<unknown> => {
    const answer = nextMessage(child, 'the client');
    child.send(command);
    return await answer;
  };
  await tell({ url });
  return {
    get: async (path) => (await tell({ path })) as Answer,
    close: () => endChild(child),
  };
}
