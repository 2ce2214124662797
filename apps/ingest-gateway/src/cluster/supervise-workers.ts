import cluster, { type Worker } from 'node:cluster';
import type { Logger } from '@event-analytics/service-kit';
import { gatherMetrics } from './gather-metrics.js';
import { handOverWhenItDies } from './hand-over.js';
import { restartDelayMs } from './restart-delay.js';
import type { WorkerMessage } from './worker-messages.js';

/** A worker that ends with it found something that no restart mends: EX_CONFIG of sysexits.h. */
export const REFUSED_EXIT_CODE = 78;
/** For closing its clients and ending, beyond what a worker has for the requests in hand. */
const ENDING_MS_MAX = 4_000;
/** One that lived as long was not ill from the start: its successor waits no longer than the first did. */
const HEALTHY_AFTER_MS = 30_000;

/**
 * Keeps `workers` processes of this program at work on one port. One that dies is replaced, after longer and longer
 * pauses where it dies young again and again. SIGTERM or SIGINT stops them all, each with its requests in hand, and
 * then this process: with 0 when every one finished in time. A second signal ends them at once. Where the very first
 * can't listen it has said why on standard error, and this process ends with 1; and so it does, and stops the others,
 * where one finds later that it must not go on (REFUSED_EXIT_CODE).
 *
 * @param o.stopTimeoutMs  what a worker has for the requests in hand
 */
export function superviseWorkers(o: { workers: number; stopTimeoutMs: number; log: Logger }): void {
  const listening = new WeakSet<Worker>();
  let everListened = false;
  let stopping = false;
  let failed = false;
  let deathsInARow = 0;

  gatherMetrics(cluster, o.log);
  startWorker();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop(signal));

  function startWorker(): void {
    if (stopping) return;
    const startedMs = performance.now();
    const worker = cluster.fork();
    handOverWhenItDies(worker);
    worker.once('listening', () => {
      listening.add(worker);
      o.log.info('worker_listening', { worker: worker.id, worker_pid: worker.process.pid });
      if (everListened) return;
      everListened = true;
      // One first, so that what is wrong with the port or the settings is said once.
      for (let others = 1; others < o.workers; others++) startWorker();
    });
    worker.once('exit', (code: number | null, signal: string | null) => {
      if (stopping) noteStopped(worker, code);
      else replace(worker, { code, signal }, performance.now() - startedMs);
    });
    // A message to one that has just died: its exit is told, too.
    worker.on('error', (error) => o.log.warn('worker_unreachable', { worker: worker.id, error }));
  }

  function replace(
    worker: Worker,
    how: { code: number | null; signal: string | null },
    livedMs: number,
  ): void {
    if (!everListened) process.exit(1);
    if (how.code === REFUSED_EXIT_CODE) {
      failed = true;
      stop('refused');
      return;
    }
    deathsInARow = livedMs >= HEALTHY_AFTER_MS ? 1 : deathsInARow + 1;
    const delayMs = restartDelayMs(deathsInARow);
    o.log.error('worker_died', { worker: worker.id, ...how, restart_in_seconds: delayMs / 1_000 });
    setTimeout(startWorker, delayMs);
  }

  function stop(reason: string): void {
    if (stopping) {
      for (const worker of living()) worker.process.kill('SIGKILL');
      process.exit(1);
    }
    stopping = true;
    o.log.info('stopping_workers', { reason, workers: living().length });
    for (const worker of living()) stopWorker(worker);
    setTimeout(() => {
      failed = true;
      for (const worker of living()) worker.process.kill('SIGKILL');
    }, o.stopTimeoutMs + ENDING_MS_MAX);
    if (living().length === 0) end();
  }

  function stopWorker(worker: Worker): void {
    const order: WorkerMessage = { kind: 'stop' };
    if (listening.has(worker) && worker.isConnected()) worker.send(order);
    // One that is still starting may hear no message yet; it has nothing in hand.
    else worker.process.kill('SIGTERM');
  }

  function noteStopped(worker: Worker, code: number | null): void {
    failed ||= listening.has(worker) && code !== 0;
    if (living().length === 0) end();
  }

  function end(): void {
    o.log.info('stopped_workers', { in_time: !failed });
    process.exit(failed ? 1 : 0);
  }
}

const living = (): Worker[] =>
  Object.values(cluster.workers ?? {}).flatMap((worker) => (worker && !worker.isDead() ? [worker] : []));
