import type { Process } from '../../time/virtual-time.js';
import type { World } from '../../world.js';
import { redisReplyError } from '../drivers.js';
import type { Network } from '../network.js';

const ID_BYTES = 16;

export type RedisServer = ReturnType<typeof createRedisServer>;

/** A Redis that keeps nothing over its end, with what the two scripts of the marks do (libs/redis, *.lua). */
export function createRedisServer(world: World, network: Network) {
  const { time, random } = world;
  /** Key → when it is forgotten, ms. */
  const keys = new Map<string, number>();
  const scripts = new Map<string, string>();
  let process: Process = time.startProcess('redis');

  function run(lua: string, [prefix = '']: readonly string[], args: readonly unknown[]): unknown {
    const ids = args[0] as Buffer;
    const found: string[] = [];
    for (let at = 0; at < ids.length; at += ID_BYTES) {
      found.push(prefix + ids.toString('latin1', at, at + ID_BYTES));
    }
    if (lua.includes("'SET'")) {
      const untilMs = time.nowMs() + Number(args[1]) * 1_000;
      for (const key of found) keys.set(key, untilMs);
      return found.length;
    }
    if (lua.includes("'MGET'")) {
      return found.map((key) => ((keys.get(key) ?? 0) > time.nowMs() ? '1' : '0')).join('');
    }
    throw new Error('the simulated Redis does not know this script');
  }

  return {
    process: () => process,
    evalsha(sha1: string, keyNames: readonly string[], args: readonly unknown[]): unknown {
      const lua = scripts.get(sha1);
      if (lua === undefined) throw redisReplyError('NOSCRIPT No matching script.');
      return run(lua, keyNames, args);
    },
    eval(sha1: string, lua: string, keyNames: readonly string[], args: readonly unknown[]): unknown {
      scripts.set(sha1, lua);
      return run(lua, keyNames, args);
    },
    flush: () => keys.clear(),
    /** Forgets some of the marks, as `allkeys-lru` does when memory is short. */
    evict(): void {
      for (const key of [...keys.keys()]) if (random.chance(0.5)) keys.delete(key);
    },
    kill(): void {
      time.kill(process);
      network.cutAllOf(process);
      keys.clear();
      scripts.clear();
    },
    start(): void {
      process = time.startProcess('redis');
    },
  };
}
