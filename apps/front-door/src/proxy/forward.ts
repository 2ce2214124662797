import { Agent, request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { pipeline } from 'node:stream';
import { HttpProblem, type Logger } from '@event-analytics/service-kit';
import type { Request, RequestHandler, Response } from 'express';
import type { Upstream } from '../upstream.js';
import { requestHeaders, responseHeaders } from './headers.js';

const CONNECTIONS_MAX = 1_024;
const IDLE_CONNECTIONS_MAX = 64;
const RETRY_AFTER_SECONDS = 1;
const CONNECT_TIMEOUT_MS = 2_000;
/** Only where a repetition does no harm and there is no body that was already sent. */
const REPEATABLE = new Set(['GET', 'HEAD']);

/**
 * Passes requests on to a service as they come, body and answer streamed; a service that is away is
 * a 503. A client that leaves takes its request to the service with it.
 */
export function createForwarder(o: { upstream: Upstream; timeoutMs: number; log: Logger }): {
  handler: RequestHandler;
  close: () => void;
} {
  const agent = new Agent({
    keepAlive: true,
    maxSockets: CONNECTIONS_MAX,
    maxFreeSockets: IDLE_CONNECTIONS_MAX,
    scheduling: 'lifo',
  });
  let inFlight = 0;

  const handler: RequestHandler = (request, response, next) => {
    // More would wait in the agent's queue, which has no end.
    if (inFlight >= CONNECTIONS_MAX) {
      next(
        HttpProblem.unavailable('Too many requests at once.', RETRY_AFTER_SECONDS, { code: 'overloaded' }),
      );
      return;
    }
    inFlight += 1;
    response.once('close', () => (inFlight -= 1));
    forward({ ...o, agent, request, response, next, repeatable: REPEATABLE.has(request.method) });
  };
  return { handler, close: () => agent.destroy() };
}

interface Forwarding {
  upstream: Upstream;
  timeoutMs: number;
  log: Logger;
  agent: Agent;
  request: Request;
  response: Response;
  next: (error: unknown) => void;
  repeatable: boolean;
}

function forward(o: Forwarding): void {
  const { upstream, request, response } = o;
  const outgoing = httpRequest({
    agent: o.agent,
    host: upstream.url.hostname,
    port: upstream.url.port || 80,
    method: request.method,
    path: request.originalUrl,
    headers: requestHeaders({
      headers: request.headers,
      remoteAddress: request.socket.remoteAddress,
      protocol: request.protocol,
      host: request.host,
      requestId: String(response.locals['requestId']),
    }),
  });
  let answered = false;
  limitTimes(outgoing, o.timeoutMs);

  const clientLeft = (): void => void outgoing.destroy();
  response.once('close', clientLeft);

  outgoing.once('response', (answer) => {
    answered = true;
    sendBack(answer, o);
  });
  outgoing.once('error', (error: NodeJS.ErrnoException) => {
    // Once there is an answer, what happens to the rest of the request does not change it.
    if (answered || response.destroyed) return;
    response.off('close', clientLeft);
    // The service had closed an idle connection just as we took it up again.
    if (o.repeatable && outgoing.reusedSocket && error.code === 'ECONNRESET') {
      forward({ ...o, repeatable: false });
      return;
    }
    o.log.warn('upstream_failed', { upstream: upstream.name, error: error.message, code: error.code });
    o.next(
      HttpProblem.unavailable(`The ${upstream.name} does not answer. Try again.`, RETRY_AFTER_SECONDS, {
        code: 'upstream_unavailable',
        cause: error,
      }),
    );
  });
  outgoing.once('close', () => {
    // What the service no longer takes the client may still be sending; unread, it would hold the connection.
    request.unpipe(outgoing);
    request.resume();
  });
  request.pipe(outgoing);
}

/** A short one to connect, then one for silence in either direction. */
function limitTimes(outgoing: ClientRequest, silenceTimeoutMs: number): void {
  outgoing.once('socket', (socket) => {
    const late = (what: string) => () => void outgoing.destroy(new Error(what));
    if (socket.connecting) {
      const timer = setTimeout(late('no connection in time'), CONNECT_TIMEOUT_MS);
      const stop = (): void => clearTimeout(timer);
      socket.once('connect', stop);
      outgoing.once('close', stop);
    }
    outgoing.setTimeout(silenceTimeoutMs, late('silent for too long'));
  });
}

function sendBack(answer: IncomingMessage, { upstream, response, log }: Forwarding): void {
  response.status(answer.statusCode ?? 502);
  for (const [name, value] of Object.entries(responseHeaders(answer))) response.setHeader(name, value);
  // An answer that breaks off breaks off for the client too: nobody is to take a part for the whole.
  pipeline(answer, response, (error) => {
    if (error && !response.writableFinished) {
      log.warn('upstream_answer_broken_off', { upstream: upstream.name, error: error.message });
    }
  });
}
