import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import type { Random } from '../random.js';
import type { VirtualTime } from './virtual-time.js';

/** What `setTimeout` returns here; enough of NodeJS.Timeout for whoever unrefs or clears it. */
class VirtualTimer {
  constructor(readonly cancel: () => void) {}
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
}

type Callback = (...args: unknown[]) => void;

const DAY_MS = 86_400_000;

/**
 * Replaces Node's timers, clocks and Math.random by those of the world, for the whole process, so that the production
 * code runs as it is. A timer belongs to the process of the world that sets it. Returns how to undo it.
 *
 * To be called before anything is made that takes a timer or the time at its making; imports may come before, since the
 * services ask for `setTimeout` and the others each time they use them.
 */
export function installVirtualTime(time: VirtualTime, random: Random): () => void {
  const RealDate = Date;
  class VirtualDate extends RealDate {
    constructor(...args: [] | [number | string | Date]) {
      super(args.length === 0 ? time.nowMs() : args[0]);
    }
    static override now(): number {
      return Math.floor(time.nowMs());
    }
  }

  const startTimer = (run: Callback, delayMs = 0, ...args: unknown[]) =>
    new VirtualTimer(time.after(Math.max(1, delayMs), time.current(), () => run(...args)));
  const startImmediate = (run: Callback, ...args: unknown[]) =>
    new VirtualTimer(time.after(0, time.current(), () => run(...args)));
  const startInterval = (run: Callback, everyMs = 0, ...args: unknown[]) => {
    const owner = time.current();
    let cancel = (): void => undefined;
    const again = (): void => {
      cancel = time.after(Math.min(Math.max(1, everyMs), DAY_MS), owner, () => {
        again();
        run(...args);
      });
    };
    again();
    return new VirtualTimer(() => cancel());
  };
  const clear = (timer: unknown): void => {
    if (timer instanceof VirtualTimer) timer.cancel();
  };
  const sleep = (ms = 0, value?: unknown, o: { signal?: AbortSignal } = {}) =>
    new Promise<unknown>((resolve, reject) => {
      const abort = (): void => {
        timer.cancel();
        reject(new DOMException('The operation was aborted', 'AbortError'));
      };
      const timer = startTimer(() => {
        o.signal?.removeEventListener('abort', abort);
        resolve(value);
      }, ms);
      if (o.signal?.aborted) abort();
      else o.signal?.addEventListener('abort', abort, { once: true });
    });

  const undo = [
    replace(globalThis, {
      setTimeout: startTimer,
      setInterval: startInterval,
      setImmediate: startImmediate,
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
      Date: VirtualDate,
    }),
    replace(timers, { setTimeout: sleep }),
    replace(performance, { now: () => time.nowMs() }),
    replace(Math, { random: () => random.fraction() }),
  ];
  syncBuiltinESMExports();
  return () => {
    for (const put of undo) put();
    syncBuiltinESMExports();
  };
}

function replace(target: object, by: Record<string, unknown>): () => void {
  const before = Object.keys(by).map(
    (name) => [name, Object.getOwnPropertyDescriptor(target, name)] as const,
  );
  for (const [name, value] of Object.entries(by)) {
    Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true });
  }
  return () => {
    for (const [name, descriptor] of before) {
      if (descriptor) Object.defineProperty(target, name, descriptor);
      else Reflect.deleteProperty(target, name);
    }
  };
}
