import type { Registry } from 'prom-client';
import { isWorkerMessage, type WorkerMessage } from './worker-messages.js';

const METRICS_MS_MAX = 4_000;

export interface ClusterMember {
  metricsText: () => Promise<string>;
  /** To be called once the service listens, and itself answers signals; until then they end the process at once. */
  serving(): void;
}

/** In a worker: does as the primary says, and asks it for the metrics of all. */
export function joinCluster(registry: Registry): ClusterMember {
  const waiting = new Map<number, (text: string | Error) => void>();
  let asked = 0;
  let serving = false;
  let signalled = false;
  // From a terminal every process of the group gets the signal: a second one would end the worker at once.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // Nothing is in hand yet.
      if (!serving) process.exit(0);
      signalled = true;
    });
  }

  process.on('message', (message: unknown) => {
    if (!isWorkerMessage(message)) return;
    if (message.kind === 'stop' && !signalled) process.kill(process.pid, 'SIGTERM');
    if (message.kind === 'metrics_asked') void answer(message.request);
    if (message.kind === 'metrics_text') waiting.get(message.id)?.(message.text);
    if (message.kind === 'metrics_failed') {
      waiting.get(message.id)?.(new Error('the primary could not sum the metrics; its log says why'));
    }
  });

  async function answer(request: number): Promise<void> {
    tell({ kind: 'metrics', request, series: await registry.getMetricsAsJSON() });
  }

  return {
    serving: () => (serving = true),
    metricsText: () =>
      new Promise((resolve, reject) => {
        const id = (asked += 1);
        const timer = setTimeout(() => {
          waiting.delete(id);
          reject(new Error(`no metrics from the primary within ${METRICS_MS_MAX} ms`));
        }, METRICS_MS_MAX);
        waiting.set(id, (answer) => {
          clearTimeout(timer);
          waiting.delete(id);
          if (typeof answer === 'string') resolve(answer);
          else reject(answer);
        });
        tell({ kind: 'metrics_wanted', id });
      }),
  };
}

/** Without its primary a worker ends by itself: node:cluster sees to that. */
function tell(message: WorkerMessage): void {
  if (process.connected) process.send?.(message);
}
