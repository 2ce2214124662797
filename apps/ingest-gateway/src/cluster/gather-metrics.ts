import type { Cluster, Worker } from 'node:cluster';
import type { Logger } from '@event-analytics/service-kit';
import { AggregatorRegistry } from 'prom-client';
import { isWorkerMessage, type SeriesOfWorker, type WorkerMessage } from './worker-messages.js';

/** A worker that is too busy or stopped to answer counts with what it had counted before. */
const GATHER_MS_MAX = 2_000;

interface Gathering {
  /** By worker; those of whom nothing came yet are missing. */
  series: Map<number, SeriesOfWorker>;
  asked: number;
  finish: () => void;
}

/**
 * In the primary: answers a worker's `metrics_wanted` with the sum over all workers. What a worker that died had counted
 * when it was last asked stays in the sum, so no counter ever goes back; what it counted since is lost with it.
 */
export function gatherMetrics(cluster: Cluster, log: Pick<Logger, 'error'>): void {
  const gatherings = new Map<number, Gathering>();
  const latest = new Map<number, SeriesOfWorker>();
  let ofTheDead: SeriesOfWorker = [];
  let burying = Promise.resolve();
  let requests = 0;

  cluster.on('message', (worker, message: unknown) => {
    if (!isWorkerMessage(message)) return;
    if (message.kind === 'metrics_wanted') gather(worker, message.id);
    if (message.kind === 'metrics') take(worker, message.request, message.series);
  });
  cluster.on('exit', (worker) => {
    const counted = countersOf(latest.get(worker.id) ?? []);
    latest.delete(worker.id);
    if (counted.length > 0) burying = burying.then(() => bury(counted));
  });

  function gather(asking: Worker, id: number): void {
    const request = (requests += 1);
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker?.isConnected());
    const timer = setTimeout(finish, GATHER_MS_MAX);
    const series = new Map<number, SeriesOfWorker>();
    gatherings.set(request, { series, asked: workers.length, finish });
    for (const worker of workers) send(worker, { kind: 'metrics_asked', request });

    function finish(): void {
      clearTimeout(timer);
      gatherings.delete(request);
      sum(series)
        .then((text) => send(asking, { kind: 'metrics_text', id, text }))
        .catch((error: unknown) => {
          log.error('metrics_not_summed', { error });
          send(asking, { kind: 'metrics_failed', id });
        });
    }
  }

  async function sum(answers: ReadonlyMap<number, SeriesOfWorker>): Promise<string> {
    await burying;
    const silent = [...latest].filter(([worker]) => !answers.has(worker));
    const all = [...answers.values(), ...silent.map(([, series]) => countersOf(series)), ofTheDead];
    return AggregatorRegistry.aggregate(all).metrics();
  }

  async function bury(counted: SeriesOfWorker): Promise<void> {
    try {
      ofTheDead = await AggregatorRegistry.aggregate([ofTheDead, counted]).getMetricsAsJSON();
    } catch (error) {
      log.error('metrics_of_worker_lost', { error });
    }
  }

  function take(worker: Worker, request: number, series: SeriesOfWorker): void {
    latest.set(worker.id, series);
    const gathering = gatherings.get(request);
    if (!gathering) return;
    gathering.series.set(worker.id, series);
    if (gathering.series.size === gathering.asked) gathering.finish();
  }
}

/** What only grows; a gauge speaks of a moment that is over. */
function countersOf(series: SeriesOfWorker): SeriesOfWorker {
  // prom-client's JSON has the type as text, its declarations as a number.
  return series.filter(({ type }) => ['counter', 'histogram'].includes(String(type)));
}

function send(worker: Worker | undefined, message: WorkerMessage): void {
  if (worker?.isConnected()) worker.send(message);
}
