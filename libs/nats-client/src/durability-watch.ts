import { createBackoff, pause } from './backoff.js';
import type { NatsConnectionHandle, NatsSession } from './connection.js';
import { learnDurability, type Durability } from './durability.js';
import { StreamConfigError } from './errors.js';
import type { ClientLog } from './log.js';

export interface DurabilityWatch {
  /**
   * Resolves once the present server is proven; to be called at the start. Waits as long as NATS is not reachable.
   * Throws StreamConfigError where it is configured otherwise, or its monitoring stays unreadable.
   */
  require(signal?: AbortSignal): Promise<void>;
  /** Whether it was proven of the server that this session speaks with. */
  covers(session: NatsSession): boolean;
  /** Connected to a server of which it isn't proven: an alarm. */
  unproven(): boolean;
  close(): void;
}

/** How often monitoring is asked before a start is refused. */
const ATTEMPTS_MAX = 5;

/**
 * STRICT_DURABILITY: proves at the start, and again after each connect, that acknowledged means on disk (see
 * learnDurability). After the start nothing ends: a connection to a server that isn't proven is not published to, and is
 * asked again until it is or is gone. A process that ended instead would only come back to the same server, and
 * meanwhile answer nobody, not even why.
 */
export function watchDurability(
  nats: NatsConnectionHandle,
  o: { stream: string; monitoringUrls: readonly string[]; log: ClientLog },
): DurabilityWatch {
  const closing = new AbortController();
  let proven: NatsSession | undefined;
  let unhook: (() => void) | undefined;

  async function prove(session: NatsSession): Promise<Durability> {
    const learned = await learnDurability(session, o);
    if (learned.proven) proven = session;
    return learned;
  }

  async function proveAgain(session: NatsSession): Promise<void> {
    const backoff = createBackoff({ minMs: 200, maxMs: 5_000 });
    let told: string | undefined;
    while (proven !== session && !session.ended.aborted && !closing.signal.aborted) {
      const learned = await prove(session);
      if (learned.proven) {
        if (told !== undefined) o.log.info('durability_proven');
        return;
      }
      if (learned.words !== told) o.log.error('durability_unproven', { error: learned.words });
      told = learned.words;
      await pause(backoff.nextMs(), closing.signal);
    }
  }

  return {
    async require(signal) {
      const backoff = createBackoff({ minMs: 200, maxMs: 2_000 });
      for (let attempt = 1; ; attempt += 1) {
        const session = await nats.whenConnected(signal);
        const learned = await prove(session);
        if (learned.proven) break;
        // Learned nothing of a server that left meanwhile.
        if (session.ended.aborted) attempt = 0;
        else if (learned.because === 'refused' || attempt >= ATTEMPTS_MAX) {
          throw new StreamConfigError(`STRICT_DURABILITY: ${learned.words}`);
        }
        await pause(backoff.nextMs(), signal);
      }
      unhook ??= nats.onConnected((session) => void proveAgain(session));
    },
    covers: (session) => session === proven,
    unproven() {
      const session = nats.session();
      return session !== undefined && session !== proven;
    },
    close() {
      closing.abort();
      unhook?.();
    },
  };
}
