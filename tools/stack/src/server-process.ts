import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { asAccount, type Account } from './account.js';
import { isPortFree } from './free-port.js';
import { tailOf } from './log-tail.js';
import { waitUntil } from './wait-until.js';
import { processWatchdog } from './watchdog.js';

/** A running server or service that tests may kill, pause and restart. */
export interface ServerProcess {
  readonly name: string;
  /** Of the present process; 0 while it is not running. */
  readonly pid: number;
  readonly port: number;
  /** What it writes goes here; '' where that is not a file of ours. */
  readonly logFile: string;
  /** What ends it in order. */
  readonly stopSignal: NodeJS.Signals;
  /** Sends the signal; resolves when the process is gone (at once for signals that do not end it). */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Stops it if it runs, starts it again on the same port and data, resolves when it is ready. */
  restart(): Promise<void>;
  /** Ends it in order, by force after ten seconds. */
  stop(): Promise<void>;
  /** Called with the exit code or signal whenever the process ends without having been told to. */
  onUnexpectedExit(listener: (how: string) => void): void;
}

export interface ProcessPlan {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  port: number;
  logFile: string;
  account: Account;
  /** What ends it in order. */
  stopSignal: 'SIGTERM' | 'SIGINT' | 'SIGQUIT';
  readyTimeoutMs: number;
  /** How long a restart may be tried anew while the process ends at once, as what a killed one left behind makes it. */
  restartPatienceMs?: number;
  isReady: () => Promise<boolean>;
}

export class ServerStartError extends Error {
  override name = 'ServerStartError';
}

const STOP_TIMEOUT_MS = 10_000;
const RESTART_PAUSE_MS = 200;
/** The killed one's port is not free at the very moment it is gone. */
const RESTART_PORT_TIMEOUT_MS = 5_000;
const NOT_ENDING: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGCONT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

/** Starts the process and waits until it is ready; its output goes to the plan's log file. */
export async function startProcess(plan: ProcessPlan): Promise<ServerProcess> {
  const watchdog = processWatchdog();
  let child: ChildProcess | undefined;
  let expectedEnd = false;
  const listeners: ((how: string) => void)[] = [];

  const running = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  const howItEnded = (): string =>
    child?.signalCode ? `by ${child.signalCode}` : `with exit code ${child?.exitCode ?? 'unknown'}`;

  function launch(): void {
    const log = openSync(plan.logFile, 'a');
    const launched = spawn(plan.command, plan.args, {
      cwd: plan.cwd,
      env: plan.env,
      stdio: ['ignore', log, log],
      // A session of its own: Ctrl-C must reach the one who stops things in order, not everything at once.
      detached: true,
      ...asAccount(plan.account),
    });
    closeSync(log);
    // It is no reason for us to stay: a test run that forgets to stop it shall end, and the watchdog stops it then.
    launched.unref();
    child = launched;
    expectedEnd = false;
    const { pid } = launched;
    launched.once('error', () => undefined);
    if (pid === undefined) return;
    watchdog.watch(pid, plan.stopSignal.slice(3));
    launched.once('exit', () => {
      watchdog.forget(pid);
      if (!expectedEnd && child === launched) for (const tell of listeners) tell(howItEnded());
    });
  }

  async function start(portTimeoutMs: number): Promise<void> {
    // Or the one who has the port would answer for ours.
    if (!(await waitUntil(() => isPortFree(plan.port), { timeoutMs: portTimeoutMs }))) {
      throw new ServerStartError(`${plan.name} cannot start: port ${plan.port} is taken by another program.`);
    }
    launch();
    const ready = await waitUntil(async () => !running() || (await plan.isReady()), {
      timeoutMs: plan.readyTimeoutMs,
    });
    if (ready && running()) return;
    const why = running() ? `was not ready within ${plan.readyTimeoutMs} ms` : `ended ${howItEnded()}`;
    await stop();
    throw new ServerStartError(`${plan.name} ${why}. The end of ${plan.logFile}:\n${tailOf(plan.logFile)}`);
  }

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (!running()) return;
    const ends = !NOT_ENDING.includes(signal);
    if (ends) expectedEnd = true;
    child?.kill(signal);
    if (ends) await waitUntil(() => !running(), { timeoutMs: STOP_TIMEOUT_MS, everyMs: 5 });
  }

  async function stop(): Promise<void> {
    if (!running()) return;
    // A paused process takes no orders.
    child?.kill('SIGCONT');
    await kill(plan.stopSignal);
    if (running()) await kill('SIGKILL');
  }

  await start(0);
  return {
    name: plan.name,
    port: plan.port,
    logFile: plan.logFile,
    stopSignal: plan.stopSignal,
    get pid() {
      return running() ? (child?.pid ?? 0) : 0;
    },
    kill,
    stop,
    async restart() {
      await stop();
      const deadlineMs = performance.now() + (plan.restartPatienceMs ?? 0);
      for (;;) {
        try {
          await start(RESTART_PORT_TIMEOUT_MS);
          return;
        } catch (error) {
          if (performance.now() >= deadlineMs) throw error;
          await sleep(RESTART_PAUSE_MS);
        }
      }
    },
    onUnexpectedExit: (listener) => void listeners.push(listener),
  };
}
