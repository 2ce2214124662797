import { createServer, type RequestListener, type Server } from 'node:http';
import type { Express } from 'express';
import { createDrain } from './drain.js';
import { ConfigError } from './config.js';
import type { Logger } from './logger.js';
import { answerUnreadable } from './unreadable-request.js';

export interface RunServiceOptions {
  app: Express;
  /** Default: the application. Another one hands to it what it doesn't answer itself: see serveEarly. */
  listener?: RequestListener;
  host: string;
  port: number;
  log: Logger;
  /** How long requests in hand may take once a signal has come. */
  shutdownTimeoutMs: number;
  /** Called when the signal comes: over connections that are kept alive, readiness can still be asked. */
  onStopping?: () => void;
  /** Called once the last request is answered: closes clients. */
  onShutdown: () => Promise<void>;
  /** What onShutdown may take; default 2,000. More for a service that has work in hand beside requests. */
  closeTimeoutMs?: number;
}

/** A client that is slower than this to send its headers or its whole request is cut off. */
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 13_000;
const TIMEOUTS_CHECKED_EVERY_MS = 1_000;
/** Longer than the usual idle time of a load balancer's connections, so that it is never we who close first. */
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
/** What closing the clients may take once no request is left. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Listens until SIGTERM or SIGINT, then finishes what it has and ends the process: 0 when everything
 * was finished in time, 1 when not. A second signal ends it at once. What nobody caught is logged and ends
 * it in the same way, with 1. Resolves when it listens; a port that is taken is one line on standard error
 * and exit code 1.
 */
export async function runService(o: RunServiceOptions): Promise<Server> {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: TIMEOUTS_CHECKED_EVERY_MS,
    },
    o.listener ?? o.app,
  );
  answerUnreadable(server);
  const drain = createDrain(server);

  let stopping = false;
  let signalled = false;
  let failed = false;
  async function stop(reason: string): Promise<void> {
    stopping = true;
    o.log.info('stopping', { reason });
    // createServiceApp's readiness looks here.
    o.app.locals['stopping'] = true;
    o.onStopping?.();
    const finished = await withinMs(o.shutdownTimeoutMs, drain());
    if (!finished) server.closeAllConnections();
    const closed = await withinMs(o.closeTimeoutMs ?? CLOSE_TIMEOUT_MS, o.onShutdown()).catch(
      (error: unknown) => {
        o.log.error('closing_failed', { error });
        return false;
      },
    );
    const inTime = finished && closed;
    o.log.info('stopped', { in_time: inTime });
    process.exit(inTime && !failed ? 0 : 1);
  }
  function begin(reason: string): void {
    stop(reason).catch((error: unknown) => {
      o.log.error('stopping_failed', { error });
      process.exit(1);
    });
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (signalled) process.exit(1);
      signalled = true;
      if (!stopping) begin(signal);
    });
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      o.log.error(event === 'uncaughtException' ? 'uncaught_exception' : 'unhandled_rejection', { error });
      // A second one may come of logging the first, and so on without end.
      if (failed) process.exit(1);
      failed = true;
      // While stopping, one fault is no reason to cut off the requests in hand.
      if (!stopping) begin(event);
    });
  }

  await listen(server, o);
  o.log.info('listening', { host: o.host, port: o.port, node: process.version });
  return server;
}

async function listen(server: Server, { host, port }: RunServiceOptions): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    exitWithLine(describeListenError(error, host, port));
  }
}

function describeListenError(error: unknown, host: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
  if (code === 'EADDRINUSE')
    return `PORT: ${port} is taken on ${host}; stop what uses it or set another PORT`;
  if (code === 'EACCES') return `PORT: this user may not listen on ${port}; set a PORT above 1023`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `HOST: ${host} is no address of this machine`;
  return `cannot listen on ${host}:${port}: ${code}`;
}

/** Reads a service's settings; a wrong one ends the start with its one line. */
export function configOrExit<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigError) return exitWithLine(error.message);
    throw error;
  }
}

/** Ends a start that can't go on, with one clear line for whoever started it. */
export function exitWithLine(line: string, exitCode = 1): never {
  process.stderr.write(`${line}\n`);
  process.exit(exitCode);
}

async function withinMs(ms: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => {
      resolve(false);
    }, ms);
  });
  try {
    return await Promise.race([work.then(() => true as const), late]);
  } finally {
    clearTimeout(timer);
  }
}
