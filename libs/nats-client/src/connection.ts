import {
  connect,
  Events,
  DebugEvents,
  type JetStreamClient,
  type JetStreamManager,
  type NatsConnection,
} from 'nats';
import { createBackoff, pause } from './backoff.js';
import type { ClientLog } from './log.js';
import { parseServerUrls } from './server-urls.js';

/** One TCP connection's life. A reconnect is a new session: nothing of the old one is carried over. */
export interface NatsSession {
  readonly connection: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  /** The server's version, e.g. "2.9.10". */
  readonly serverVersion: string;
  /** Aborted when the connection is gone. */
  readonly ended: AbortSignal;
}

export interface NatsStatus {
  state: 'connected' | 'disconnected';
  server?: string;
  error?: string;
}

export interface NatsConnectionHandle {
  /** The live session, or undefined while there is none. */
  session(): NatsSession | undefined;
  connected(): boolean;
  /** Waits for a session; rejects when the handle is closed or the signal aborts. */
  whenConnected(signal?: AbortSignal): Promise<NatsSession>;
  /** Calls the hook for the present session, if any, and for each later one. Returns how to stop that. */
  onConnected(hook: (session: NatsSession) => void): () => void;
  /** Counts and the last trouble, for health and metrics. */
  status(): {
    connected: boolean;
    connects: number;
    server?: string;
    serverVersion?: string;
    lastError?: string;
  };
  /** Sends what is buffered, closes, and never reconnects. Takes no longer than about 1.5 s, whatever the server does. */
  close(): Promise<void>;
}

export interface ConnectNatsOptions {
  /** NATS_URL: one or several URLs separated by commas. */
  servers: string;
  /** Shown in the server's monitoring. */
  name: string;
  log: ClientLog;
  onStatus?: (status: NatsStatus) => void;
  /** How long connectNats itself waits for the first connection before it goes on in the background. */
  firstWaitMs?: number;
  random?: () => number;
}

const DIAL_TIMEOUT_MS = 2_000;
const API_TIMEOUT_MS = 3_000;
// Two unanswered pings: a black hole is noticed at the latest after three intervals, 12 s.
const PING_INTERVAL_MS = 4_000;
const PINGS_UNANSWERED_MAX = 2;
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 1_000;
const CLOSE_FLUSH_MS = 1_000;
const CLOSE_WAIT_MS = 500;

/**
 * Connects and stays connected. Resolves after `firstWaitMs` (1 s) at the latest, connected or not: a service starts
 * while NATS is down. Reconnecting is done here and not by the driver, whose own reconnect buffers publishes made
 * while disconnected and can wait for ever to flush a black-holed socket before it lets go of it.
 */
export async function connectNats(o: ConnectNatsOptions): Promise<NatsConnectionHandle> {
  const target = parseServerUrls(o.servers);
  const stopping = new AbortController();
  const hooks = new Set<(session: NatsSession) => void>();
  const backoff = createBackoff({
    minMs: RETRY_MIN_MS,
    maxMs: RETRY_MAX_MS,
    ...(o.random && { random: o.random }),
  });
  let current: NatsSession | undefined;
  let connects = 0;
  let lastError: string | undefined;

  const runHook = (hook: (session: NatsSession) => void, session: NatsSession): void => {
    try {
      hook(session);
    } catch (error) {
      o.log.error('nats_hook_failed', { error: describe(error) });
    }
  };

  async function keepConnected(): Promise<void> {
    while (!stopping.signal.aborted) {
      try {
        const connection = await connect({
          ...target,
          name: o.name,
          reconnect: false,
          timeout: DIAL_TIMEOUT_MS,
          pingInterval: PING_INTERVAL_MS,
          maxPingOut: PINGS_UNANSWERED_MAX,
          noAsyncTraces: true,
        });
        if (stopping.signal.aborted) {
          await connection.close();
          return;
        }
        await live(connection);
      } catch (error) {
        const text = describe(error);
        if (text !== lastError) o.log.warn('nats_unreachable', { error: text });
        lastError = text;
      }
      await pause(backoff.nextMs(), stopping.signal);
    }
  }

  async function live(connection: NatsConnection): Promise<void> {
    const ended = new AbortController();
    const jsm = await connection.jetstreamManager({ timeout: API_TIMEOUT_MS, checkAPI: false });
    const session: NatsSession = {
      connection,
      js: connection.jetstream({ timeout: API_TIMEOUT_MS }),
      jsm,
      serverVersion: connection.info?.version ?? 'unknown',
      ended: ended.signal,
    };
    current = session;
    connects += 1;
    lastError = undefined;
    backoff.reset();
    const server = connection.getServer();
    o.log.info('nats_connected', { server, server_version: session.serverVersion });
    o.onStatus?.({ state: 'connected', server });
    for (const hook of hooks) runHook(hook, session);

    void letGoWhenStale(connection, ended.signal);
    const reason = await connection.closed();
    current = undefined;
    ended.abort();
    if (reason) lastError = describe(reason);
    if (stopping.signal.aborted) return;
    o.log.warn('nats_disconnected', { server, ...(reason && { error: describe(reason) }) });
    o.onStatus?.({ state: 'disconnected', server, ...(reason && { error: describe(reason) }) });
  }

  async function letGoWhenStale(connection: NatsConnection, ended: AbortSignal): Promise<void> {
    for await (const status of connection.status()) {
      if (ended.aborted) return;
      // Not left to the driver: it first waits for the socket's unsent bytes, which a black hole never takes.
      if (status.type === DebugEvents.StaleConnection) await connection.close();
      if (status.type === Events.Error) o.log.warn('nats_error', { error: JSON.stringify(status.data) });
    }
  }

  const running = keepConnected();
  const handle: NatsConnectionHandle = {
    session: () => current,
    connected: () => current !== undefined,
    whenConnected(signal) {
      if (current) return Promise.resolve(current);
      return new Promise((resolve, reject) => {
        const cleanUp = (): void => {
          hooks.delete(hook);
          signal?.removeEventListener('abort', abort);
          stopping.signal.removeEventListener('abort', abort);
        };
        const hook = (session: NatsSession): void => {
          cleanUp();
          resolve(session);
        };
        const abort = (): void => {
          cleanUp();
          reject(new Error('gave up waiting for NATS'));
        };
        hooks.add(hook);
        signal?.addEventListener('abort', abort);
        stopping.signal.addEventListener('abort', abort);
        if (signal?.aborted || stopping.signal.aborted) abort();
      });
    },
    onConnected(hook) {
      hooks.add(hook);
      if (current) runHook(hook, current);
      return () => hooks.delete(hook);
    },
    status: () => ({
      connected: current !== undefined,
      connects,
      ...(current && { server: current.connection.getServer(), serverVersion: current.serverVersion }),
      ...(lastError !== undefined && { lastError }),
    }),
    async close() {
      stopping.abort();
      const session = current;
      if (session) {
        await Promise.race([session.connection.flush().catch(() => undefined), pause(CLOSE_FLUSH_MS)]);
        await session.connection.close();
      }
      // A dial that is under way closes what it gets; it may take longer than whoever ends here has.
      await Promise.race([running, pause(CLOSE_WAIT_MS)]);
    },
  };

  const firstWait = new AbortController();
  const timer = setTimeout(() => firstWait.abort(), o.firstWaitMs ?? 1_000);
  await handle.whenConnected(firstWait.signal).catch(() => undefined);
  clearTimeout(timer);
  return handle;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
