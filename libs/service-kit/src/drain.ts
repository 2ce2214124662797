import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';

/** A client that is at work sends its next request within this time, and is told with its answer. */
const IDLE_GRACE_MS = 250;
const IDLE_CLOSED_EVERY_MS = 50;
/** A client that has begun a request opens its connection within this time. */
const CONNECTING_GRACE_MS = 50;

/**
 * Watches a server's answers, so that it can stop without cutting off a request that is on its way. The
 * returned function stops it: after a moment nobody new is let in, every answer says `Connection: close`, and
 * a connection is closed unasked only after it has been silent for a moment. It resolves when no connection is
 * left, however long that takes.
 */
export function createDrain(server: Server): () => Promise<void> {
  const unanswered = new Set<ServerResponse>();
  let draining = false;

  // Before the application, which may answer at once.
  server.prependListener('request', (_request, response) => {
    if (draining) response.setHeader('Connection', 'close');
    unanswered.add(response);
    response.once('close', () => unanswered.delete(response));
  });

  return () =>
    new Promise((resolve) => {
      draining = true;
      for (const response of unanswered) {
        if (!response.headersSent) response.setHeader('Connection', 'close');
      }
      let closing: NodeJS.Timeout | undefined;
      // A timer runs before what has come meanwhile is read, and after a pause of this process that may be a request.
      const closeIdle = (): void => void setImmediate(() => server.closeIdleConnections());
      const grace = setTimeout(() => {
        closeIdle();
        // A connection whose answer had begun before is idle only once that answer is over.
        closing = setInterval(closeIdle, IDLE_CLOSED_EVERY_MS);
      }, IDLE_GRACE_MS);
      // Whoever is connecting is let in first: closing refuses them, and cuts off what waits to be accepted.
      setTimeout(() => {
        setImmediate(() => {
          // http's own close() would close what seems idle at once, also under a request that is on its way.
          NetServer.prototype.close.call(server, () => {
            clearTimeout(grace);
            clearInterval(closing);
            resolve();
          });
        });
      }, CONNECTING_GRACE_MS);
    });
}
