import { createEventQueue, type Queued } from './event-queue.js';

/**
 * One life of a process of the simulated world, be it a service or a server. What it waits for (answers, timers) are
 * events of its own; once it is dead none of them comes, so its promises never settle and its memory is lost.
 */
export interface Process {
  readonly name: string;
  alive: boolean;
  /** Its events wait until then, as for a process that was stopped with SIGSTOP. */
  pausedUntilMs: number;
}

/** Something that will happen to one process. */
export interface Happening extends Queued {
  readonly owner: Process;
  run: (() => void) | undefined;
}

export interface VirtualTime {
  nowMs(): number;
  /** Whose code is running; what it starts is its own. */
  current(): Process;
  startProcess(name: string): Process;
  kill(process: Process): void;
  /** Has `run` happen to `owner` then, or now if that is past; returns how to prevent that. */
  at(timeMs: number, owner: Process, run: () => void): () => void;
  /** The same, after so long. */
  after(delayMs: number, owner: Process, run: () => void): () => void;
  /** Runs code as that process now, from within another's event: its beginning. */
  runAs(owner: Process, run: () => void): void;
  /**
   * Lets things happen, each with all the promises that follow from it, one after the other, until `until` says so,
   * asked after each; or until nothing is left to happen, or the time is up.
   */
  drive(until: () => boolean, timeMaxMs: number): Promise<'until' | 'idle' | 'time'>;
  /** How many things happened. */
  steps(): number;
}

// Taken before anything replaces them.
const realImmediate = setImmediate;
const realMicrotask = queueMicrotask;
const realTick = process.nextTick.bind(process);

/** Now and then the real event loop has a turn, so that signals and reports get through. */
const STEPS_PER_REAL_TURN = 2_000;

export function createVirtualTime(startMs: number): VirtualTime {
  const queue = createEventQueue<Happening>();
  const world: Process = { name: 'world', alive: true, pausedUntilMs: 0 };
  let nowMs = startMs;
  let order = 0;
  let steps = 0;
  let current = world;

  /** False when nothing is left. */
  function happen(): boolean {
    for (;;) {
      const next = queue.take();
      if (next === undefined) return false;
      const { owner, run } = next;
      if (run === undefined || !owner.alive) continue;
      if (owner.pausedUntilMs > next.timeMs) {
        queue.put({ owner, timeMs: owner.pausedUntilMs, order: next.order, run });
        continue;
      }
      nowMs = next.timeMs;
      current = owner;
      steps += 1;
      next.run = undefined;
      run();
      return true;
    }
  }

  function at(timeMs: number, owner: Process, run: () => void): () => void {
    order += 1;
    const happening: Happening = { owner, timeMs: Math.max(nowMs, timeMs), order, run };
    queue.put(happening);
    return () => (happening.run = undefined);
  }

  return {
    nowMs: () => nowMs,
    current: () => current,
    steps: () => steps,
    startProcess: (name) => ({ name, alive: true, pausedUntilMs: 0 }),
    kill(process) {
      process.alive = false;
    },
    at,
    after: (delayMs, owner, run) => at(nowMs + delayMs, owner, run),
    runAs(owner, run) {
      const before = current;
      current = owner;
      try {
        run();
      } finally {
        current = before;
      }
    },
    drive(until, timeMaxMs) {
      return new Promise((resolve, reject) => {
        const step = (): void => {
          try {
            if (until()) return resolve('until');
            if (nowMs >= timeMaxMs) return resolve('time');
            if (!happen()) return resolve('idle');
          } catch (error) {
            return reject(error instanceof Error ? error : new Error(String(error)));
          }
          // A tick comes once there are no promises left to settle.
          if (steps % STEPS_PER_REAL_TURN === 0) realImmediate(step);
          else realMicrotask(tick);
        };
        const tick = (): void => realTick(step);
        step();
      });
    },
  };
}
