import type { Express } from 'express';
import type { Logger } from './logger.js';

export interface HealthCheck {
  /** Of the dependency, as it appears in the answer. */
  name: string;
  /** Without it the service can't do its work: it is then not ready. */
  critical: boolean;
  /** Really asks the dependency; what it resolves to is shown. Throwing means it is down. */
  check(): Promise<Record<string, unknown>>;
  /** What this process knows by itself: shown whether the dependency is up or down. */
  facts?(): Record<string, unknown>;
}

export interface DependencyHealth extends Record<string, unknown> {
  status: 'ok' | 'down';
  critical: boolean;
  latency_ms: number;
}

export interface HealthReport {
  /** degraded: a dependency is down that the service can do without. */
  status: 'ok' | 'degraded' | 'down';
  service: string;
  version: string;
  node: string;
  uptime_seconds: number;
  dependencies: Record<string, DependencyHealth>;
}

const CHECK_TIMEOUT_MS = 2_000;
/** However many probes ask, a dependency is asked no more often than this. */
const REPORT_KEPT_MS = 500;

export function mountHealth(
  app: Express,
  o: {
    service: string;
    version: string;
    log: Logger;
    checks: readonly HealthCheck[];
    ready: () => boolean;
    clock: () => number;
  },
): void {
  const startedMs = o.clock();
  const known = new Map<string, DependencyHealth['status']>();
  let latest: { report: Promise<HealthReport>; doneMs?: number } | undefined;

  async function make(): Promise<HealthReport> {
    const results = await Promise.all(
      o.checks.map(async (check) => [check.name, await ask(check, noteChange)] as const),
    );
    const down = results.filter(([, result]) => result.status === 'down');
    const status = down.some(([, result]) => result.critical) ? 'down' : down.length > 0 ? 'degraded' : 'ok';
    return {
      status,
      service: o.service,
      version: o.version,
      node: process.version,
      uptime_seconds: Math.round((o.clock() - startedMs) / 1_000),
      dependencies: Object.fromEntries(results),
    };
  }

  /** Logged when it changes, not each time somebody asks; the first "ok" is no news. */
  function noteChange(name: string, status: DependencyHealth['status'], error?: unknown): void {
    const before = known.get(name) ?? 'ok';
    known.set(name, status);
    if (before === status) return;
    if (status === 'down') o.log.warn('dependency_down', { dependency: name, error });
    else o.log.info('dependency_up', { dependency: name });
  }

  function report(): Promise<HealthReport> {
    // While a dependency hangs, whoever asks waits for the same answer instead of asking it once more.
    if (latest && (latest.doneMs === undefined || o.clock() - latest.doneMs <= REPORT_KEPT_MS)) {
      return latest.report;
    }
    const made: NonNullable<typeof latest> = { report: make() };
    latest = made;
    return made.report.finally(() => (made.doneMs = o.clock()));
  }

  app.use('/health', (_request, response, next) => {
    response.set('Cache-Control', 'no-store');
    next();
  });
  app.get('/health', async (_request, response) => {
    const health = await report();
    response.status(health.status === 'down' ? 503 : 200).json(health);
  });
  app.get('/health/live', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/health/ready', async (_request, response) => {
    if (!o.ready()) {
      response.status(503).json({ status: 'not_ready' });
      return;
    }
    const health = await report();
    response.status(health.status === 'down' ? 503 : 200).json({ status: health.status });
  });
}

async function ask(
  dependency: HealthCheck,
  noteChange: (name: string, status: DependencyHealth['status'], error?: unknown) => void,
): Promise<DependencyHealth> {
  const { name, critical } = dependency;
  const beganMs = performance.now();
  const latency = () => Math.round((performance.now() - beganMs) * 10) / 10;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${CHECK_TIMEOUT_MS} ms`));
    }, CHECK_TIMEOUT_MS);
  });
  try {
    const shown = await Promise.race([dependency.check(), late]);
    noteChange(name, 'ok');
    return { ...shown, ...dependency.facts?.(), status: 'ok', critical, latency_ms: latency() };
  } catch (error) {
    // Why goes to the log: a dependency's own words are nobody else's business.
    noteChange(name, 'down', error);
    return { ...dependency.facts?.(), status: 'down', critical, latency_ms: latency() };
  } finally {
    clearTimeout(timer);
  }
}
