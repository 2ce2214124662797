import type { Request, Response } from 'express';

const LINGER_MS = 1_000;

/**
 * For an answer given before the whole body came: the client gets a moment to stop sending and to read it,
 * then the connection is closed.
 *
 * Not by `Connection: close`: Node then closes as soon as it has written, with the client's bytes unread;
 * that resets the connection, and the answer is lost with it.
 */
export function lingerThenClose(request: Request, response: Response): void {
  if (request.complete) return;
  request.resume();
  response.once('finish', () => {
    const { socket } = request;
    const timer = setTimeout(() => socket.destroy(), LINGER_MS);
    timer.unref();
    request.once('end', () => clearTimeout(timer));
    socket.once('close', () => clearTimeout(timer));
  });
}
