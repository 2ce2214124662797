import { classifyDatabaseError, type DatabasePool } from '@event-analytics/timescale';

const SILENCE = new Set(['answer_timeout', 'CONNECT_TIMEOUT']);

/**
 * Asks a small question now and then, beside what may take as long as a minute. Where it is not answered, nothing else
 * is: whoever waits on a connection of this pool waits in vain, so all of them are given up and made anew.
 *
 * @param o.answerTimeoutMs  what a server that is only busy never takes for it
 */
export function watchForSilence(
  db: DatabasePool,
  o: { intervalMs: number; answerTimeoutMs: number; onSilent: () => void },
): { close(): void } {
  let asking = false;

  async function ask(): Promise<void> {
    if (asking) return;
    asking = true;
    try {
      await db.run((sql) => sql`SELECT 1`, { answerTimeoutMs: o.answerTimeoutMs });
    } catch (error) {
      // Who is refused or cut off is told so, and needs no help.
      if (SILENCE.has(classifyDatabaseError(error).name ?? '')) {
        db.dropConnections();
        o.onSilent();
      }
    }
    asking = false;
  }

  const timer = setInterval(() => void ask(), o.intervalMs);
  timer.unref();
  return { close: () => clearInterval(timer) };
}
