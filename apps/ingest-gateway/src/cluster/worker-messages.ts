import type { MetricObjectWithValues, MetricValue } from 'prom-client';

export type SeriesOfWorker = MetricObjectWithValues<MetricValue<string>>[];

/** Between the primary and its workers; `id` is the asking worker's own. */
export type WorkerMessage =
  /** To a worker: finish what is in hand. */
  | { kind: 'stop' }
  /** To the primary: somebody asked for /metrics. */
  | { kind: 'metrics_wanted'; id: number }
  /** To every worker, each of which answers with the same `request`. */
  | { kind: 'metrics_asked'; request: number }
  | { kind: 'metrics'; request: number; series: SeriesOfWorker }
  /** To the one that wanted them: the sum over all workers. */
  | { kind: 'metrics_text'; id: number; text: string }
  /** Why is in the primary's log. */
  | { kind: 'metrics_failed'; id: number };

const KINDS: ReadonlySet<unknown> = new Set<WorkerMessage['kind']>([
  'stop',
  'metrics_wanted',
  'metrics_asked',
  'metrics',
  'metrics_text',
  'metrics_failed',
]);

/** Others (the cluster module, prom-client) send messages, too. */
export function isWorkerMessage(message: unknown): message is WorkerMessage {
  return typeof message === 'object' && message !== null && 'kind' in message && KINDS.has(message.kind);
}
