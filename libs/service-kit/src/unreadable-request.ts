import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { HttpProblem } from './problem.js';

/** How long the other side may take to read its answer and to hang up. */
const LINGER_MS = 1_000;

/** What Node's parser refuses never reaches Express: it gets the same kind of answer, and then hangs up. */
export function answerUnreadable(server: Server): void {
  const latest = new WeakMap<Duplex, ServerResponse>();
  const refused = new WeakSet<Duplex>();

  server.prependListener('request', (request, response) => {
    latest.set(request.socket, response);
  });

  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    // More of the same request; the timer is running.
    if (refused.has(socket)) return;
    const response = latest.get(socket);
    const answerHasBegun = response?.headersSent === true && !response.writableFinished;
    if (error.code === 'ECONNRESET' || !socket.writable || answerHasBegun) {
      // A second answer in the middle of the first would be read as its content.
      socket.destroy();
      return;
    }
    refused.add(socket);
    socket.end(answerTo(error.code));
    // A client that never hangs up would otherwise keep its half of the connection.
    const linger = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(linger));
  });
}

function answerTo(code: string | undefined): string {
  const problem = problemOf(code);
  const requestId = randomUUID();
  const body = JSON.stringify(problem.body(requestId));
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    'Cache-Control: no-store',
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

function problemOf(code: string | undefined): HttpProblem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new HttpProblem('headers_too_large', 'The request headers are larger than 16 KiB.');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new HttpProblem('request_timeout', 'The request did not arrive in time.');
  }
  return HttpProblem.badRequest('The request is not valid HTTP.');
}
