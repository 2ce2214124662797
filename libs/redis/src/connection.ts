import type { BreakerState } from '@event-analytics/circuit-breaker';
import { Redis } from 'ioredis';
import { createRedisBreaker } from './breaker.js';

export interface RedisConnection {
  /** Runs one command or script under the deadline and the breaker. Rejects at once while Redis is away. */
  run<T>(command: (client: Redis) => Promise<T>): Promise<T>;
  breakerState(): BreakerState;
  /** Resolves true once commands can be sent, false if that takes longer than `timeoutMs`. */
  waitReady(timeoutMs: number): Promise<boolean>;
  /** For health: how long a PING takes. Rejects when Redis is away. */
  check(): Promise<{ pingMs: number }>;
  close(): Promise<void>;
}

export interface RedisOptions {
  /** redis://[[user]:password@]host[:port][/db], rediss:// for TLS */
  url: string;
  /** deadline of one command */
  commandTimeoutMs: number;
  connectTimeoutMs?: number;
  /** between looks whether Redis is back, while the breaker is open */
  probeIntervalMs?: number;
  /** a connection that brought nothing for this long is replaced (a black hole never closes it) */
  stallMs?: number;
  /** commands under way at once */
  maxInFlight?: number;
  /** each failed connection attempt and broken connection; about one a second while Redis is away */
  onError?: (error: Error) => void;
  onStateChange?: (state: BreakerState) => void;
}

const RECONNECT_DELAY_MS_MAX = 1_000;
const DISCONNECT_TIMEOUT_MS = 500;

/**
 * Connects to Redis in the background and for ever: never throws because Redis is down, keeps no queue of
 * commands for later, sends none twice.
 */
export function connectRedis(o: RedisOptions): RedisConnection {
  const { connectTimeoutMs = 2_000, probeIntervalMs = 500, stallMs = 3_000, maxInFlight = 10_000 } = o;
  const client = new Redis(o.url, {
    connectTimeout: connectTimeoutMs,
    enableOfflineQueue: false,
    // A command whose connection broke fails now; its caller has a fallback and no time.
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    // By lot, between half and the whole: many clients must not come back in step.
    retryStrategy: (attempt) =>
      Math.min(RECONNECT_DELAY_MS_MAX, 25 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2),
    keepAlive: 10_000,
    noDelay: true,
    disableClientInfo: true,
    // A socket that does not close in order is destroyed.
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
  });
  const breaker = createRedisBreaker({
    timeoutMs: o.commandTimeoutMs,
    probe: () => client.ping(),
    probeIntervalMs,
    maxInFlight,
    ...(o.onStateChange && { onStateChange: o.onStateChange }),
    onProbeFailure: replaceStalledConnection,
  });
  let connectedAtMs = 0;
  client.on('error', (error: Error) => o.onError?.(error));
  client.on('connect', () => (connectedAtMs = performance.now()));
  client.on('ready', () => breaker.probeNow());

  return {
    run: (command) => breaker.run(() => command(client)),
    breakerState: () => breaker.state(),
    waitReady,
    async check() {
      const startedMs = performance.now();
      await breaker.run(() => client.ping());
      return { pingMs: Math.round((performance.now() - startedMs) * 10) / 10 };
    },
    async close() {
      breaker.close();
      const established = client.status === 'ready' || client.status === 'connect';
      const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
      client.disconnect();
      // Without a socket there is nothing that ends.
      if (established) await ended;
    },
  };

  /** The probes are the only commands while the breaker is open, so silence then is a dead connection. */
  function replaceStalledConnection(openForMs: number) {
    const established = client.status === 'ready' || client.status === 'connect';
    if (established && openForMs >= stallMs && performance.now() - connectedAtMs >= stallMs) {
      client.disconnect(true);
    }
  }

  function waitReady(timeoutMs: number): Promise<boolean> {
    if (client.status === 'ready') return Promise.resolve(true);
    return new Promise((resolve) => {
      const finish = (ready: boolean) => {
        clearTimeout(timer);
        client.off('ready', onReady);
        resolve(ready);
      };
      const onReady = () => finish(true);
      const timer = setTimeout(() => finish(false), timeoutMs);
      client.on('ready', onReady);
    });
  }
}
