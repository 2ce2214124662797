import {
  watchDurability,
  type ClientLog,
  type DurabilityWatch,
  type NatsConnectionHandle,
} from '@event-analytics/nats-client';
import { unsafeSettings, type Database, type UnsafeSetting } from '@event-analytics/timescale';
import { Gauge, type Registry } from 'prom-client';
import type { RetryTiming } from './write/backoff.js';

const TIMEOUT_MS = 5_000;

/** Of a start that is refused; not to be tried again. */
export class NotDurableError extends Error {
  override readonly name = 'NotDurableError';
}

/**
 * Looks whether PostgreSQL keeps what it commits. With `strict` it throws NotDurableError where it does not, and asks
 * again as long as it isn't known; else it warns. Only at the start: who changes that on a server at work knows what he
 * does.
 */
export async function checkDatabaseDurability(o: {
  db: Database;
  strict: boolean;
  log: ClientLog;
  timing: RetryTiming;
  stopping: AbortSignal;
}): Promise<void> {
  for (let attempt = 1; !o.stopping.aborted; attempt += 1) {
    try {
      return judge(await unsafeSettings(o.db, { timeoutMs: TIMEOUT_MS }), o);
    } catch (error) {
      if (error instanceof NotDurableError) throw error;
      o.log.warn('database_durability_unknown', { error: String(error), attempt });
      if (!o.strict) return;
      await o.timing.pause(o.timing.delayMs(attempt), o.stopping);
    }
  }
}

function judge(unsafe: readonly UnsafeSetting[], { strict, log }: { strict: boolean; log: ClientLog }): void {
  for (const { name, value, consequence } of unsafe) {
    if (strict) {
      throw new NotDurableError(
        `STRICT_DURABILITY: PostgreSQL has ${name} = ${value} (${consequence}): set it to on`,
      );
    }
    log.warn('database_not_durable', { setting: name, value, consequence });
  }
}

/**
 * The same of NATS, after each connect too. The writer goes on with what is in the stream, which only shortens the time
 * that it lies there; the alarm is for the gateways, which publish nothing meanwhile.
 */
export function watchStreamDurability(o: {
  nats: NatsConnectionHandle;
  stream: string;
  monitoringUrls: readonly string[];
  registry: Registry;
  log: ClientLog;
}): DurabilityWatch {
  const watch = watchDurability(o.nats, o);
  new Gauge({
    name: 'nats_durability_unproven',
    help: '1: STRICT_DURABILITY, and NATS is not known to sync before it acknowledges.',
    registers: [o.registry],
    collect() {
      this.set(watch.unproven() ? 1 : 0);
    },
  });
  return watch;
}
