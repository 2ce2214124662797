import { setTimeout as sleep } from 'node:timers/promises';
import { tailOf } from '../log-tail.js';
import type { ServerProcess } from '../server-process.js';
import type { Say } from './progress.js';

export interface Supervisor {
  watch(process: ServerProcess): void;
  /** From now on an end is expected. */
  stop(): void;
}

const RESTARTS_MAX = 5;
const WITHIN_MS = 60_000;
const PAUSE_MS = 500;

/**
 * Restarts what dies, as Compose and Kubernetes would: nothing is lost by the death of any one of
 * them, and who kills one to see that for himself wants to see it come back. One that keeps dying
 * is given up, and everything with it.
 */
export function createSupervisor(o: {
  say: Say;
  giveUp: (reason: string) => void;
  /** After a restart: the process has another number now. */
  onRestarted: () => void;
  nowMs?: () => number;
}): Supervisor {
  const nowMs = o.nowMs ?? (() => performance.now());
  let stopped = false;

  async function revive(process: ServerProcess, deathsMs: number[]): Promise<void> {
    deathsMs.push(nowMs());
    while ((deathsMs[0] ?? 0) < nowMs() - WITHIN_MS) deathsMs.shift();
    if (deathsMs.length > RESTARTS_MAX) {
      o.giveUp(`${process.name} ended ${deathsMs.length} times within a minute`);
      return;
    }
    await sleep(PAUSE_MS);
    if (stopped) return;
    try {
      await process.restart();
      o.onRestarted();
      o.say(`${process.name} runs again`);
    } catch (error) {
      o.giveUp(
        `${process.name} does not come up again: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  return {
    watch(process) {
      const deathsMs: number[] = [];
      process.onUnexpectedExit((how) => {
        if (stopped) return;
        o.say(
          `${process.name} ended ${how}; the end of its log, ${process.logFile}:\n${indent(tailOf(process.logFile))}`,
        );
        void revive(process, deathsMs);
      });
    },
    stop() {
      stopped = true;
    },
  };
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}
