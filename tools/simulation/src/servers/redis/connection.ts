import { createHash } from 'node:crypto';
import { createRedisBreaker, type RedisConnection } from '@event-analytics/redis';
import type { Process } from '../../time/virtual-time.js';
import type { World } from '../../world.js';
import { connectionError, redisReplyError } from '../drivers.js';
import type { Connection, Network } from '../network.js';
import type { RedisServer } from './server.js';

type RedisClient = Parameters<Parameters<RedisConnection['run']>[0]>[0];

const RECONNECT_MS = 100;
const SLOW_MS_MAX = 400;

const digests = new Map<string, string>();
function sha1Of(lua: string): string {
  const known = digests.get(lua) ?? createHash('sha1').update(lua).digest('hex');
  digests.set(lua, known);
  return known;
}

/** What connectRedis gives: the production breaker with its deadline, around a client of the simulated server. */
export function createRedisConnection(
  world: World,
  o: { network: Network; server: RedisServer; client: Process; commandTimeoutMs: number },
): RedisConnection {
  const { time, random, faults } = world;
  const { network, server, client } = o;
  const waiting = new Set<() => void>();
  let connection: Connection | undefined;

  function connect(): void {
    const serverProcess = server.process();
    if (!serverProcess.alive) return void time.after(RECONNECT_MS, client, connect);
    const made = network.connect({
      client,
      server: serverProcess,
      onClientClosed() {
        connection = undefined;
        for (const fail of [...waiting]) fail();
        time.after(RECONNECT_MS, client, connect);
      },
    });
    made.toServer(() =>
      made.toClient(() => {
        connection = made;
        breaker.probeNow();
      }),
    );
  }

  function ask(onServer: () => unknown): Promise<unknown> {
    const over = connection;
    if (!over) return Promise.reject(new Error("Stream isn't writeable"));
    return new Promise((resolve, reject) => {
      const settle = (how: () => void): void => {
        if (waiting.delete(fail)) how();
      };
      const fail = (): void => settle(() => reject(connectionError('CONNECTION_CLOSED')));
      waiting.add(fail);
      over.toServer(() => {
        let answer: () => void;
        try {
          if (faults.strikes('redis_refuses')) throw redisReplyError('OOM command not allowed');
          const value = onServer();
          answer = () => resolve(value);
        } catch (error) {
          answer = () => reject(error instanceof Error ? error : new Error(String(error)));
        }
        const send = (): void => over.toClient(() => settle(answer));
        if (faults.strikes('redis_slow')) time.after(random.fraction() * SLOW_MS_MAX, over.server, send);
        else send();
      });
    });
  }

  const split = (count: number, values: readonly unknown[]) =>
    [values.slice(0, count) as string[], values.slice(count)] as const;
  const redis: Record<'ping' | 'evalsha' | 'eval', (...args: never[]) => Promise<unknown>> = {
    ping: () => ask(() => 'PONG'),
    evalsha: (sha1: string, count: number, ...values: unknown[]) =>
      ask(() => server.evalsha(sha1, ...split(count, values))),
    eval: (lua: string, count: number, ...values: unknown[]) =>
      ask(() => server.eval(sha1Of(lua), lua, ...split(count, values))),
  };
  // The part of the driver's client that the libs use.
  const redisClient = redis as RedisClient;

  const breaker = createRedisBreaker({
    timeoutMs: o.commandTimeoutMs,
    probe: () => redisClient.ping(),
    probeIntervalMs: 500,
    maxInFlight: 10_000,
  });
  connect();

  return {
    run: (command) => breaker.run(() => command(redisClient)),
    breakerState: () => breaker.state(),
    waitReady: () => Promise.resolve(true),
    check: () => Promise.reject(new Error('nobody asks')),
    close: () => Promise.resolve(breaker.close()),
  };
}
