import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '@event-analytics/testkit';
import { eventOf, type SentEvent } from './event-of.js';
import { createLedger, type Ledger } from './ledger.js';
import { sendUntilAcknowledged } from './send-batch.js';

export interface LoadOptions {
  /** Asked before each attempt; the next of several is taken each time. */
  gatewayUrls: () => readonly string[];
  seed: number;
  connections?: number;
  /** Events in a batch: 1 to this many. */
  batchEventsMax?: number;
  /** Between a connection's batches. */
  pauseMs?: number;
  /** This share of the batches is sent once more after its 202, as clients do that lost the answer. */
  resentShare?: number;
  makeEvent?: (eventId: string) => SentEvent;
  /** How long a batch is retried before the run is declared failed. */
  giveUpAfterMs?: number;
}

export interface Load {
  ledger: Ledger;
  /** Ends the load: no new batch begins, those under way are retried until they are acknowledged. */
  finish(): Promise<Ledger>;
}

/**
 * Sends batches of new events until told to finish. A batch that isn't answered 202 is sent again
 * with the same ids, as the contract asks of every client; an id's instant never changes.
 */
export function startLoad(o: LoadOptions): Load {
  const { connections = 4, batchEventsMax = 40, pauseMs = 5, resentShare = 0.05 } = o;
  const { giveUpAfterMs = 60_000, makeEvent = eventOf } = o;
  const ledger = createLedger();
  let finishing = false;
  let turn = 0;

  function nextUrl(): string {
    const urls = o.gatewayUrls();
    return urls[turn++ % urls.length] ?? '';
  }

  async function connection(n: number): Promise<void> {
    const random = createRandom(o.seed * 1_000 + n);
    while (!finishing) {
      const events = Array.from({ length: 1 + random.below(batchEventsMax) }, () => makeEvent(random.uuid()));
      await sendUntilAcknowledged(nextUrl, events, ledger, { giveUpAfterMs });
      if (random.fraction() < resentShare) {
        await sendUntilAcknowledged(nextUrl, events, ledger, { giveUpAfterMs });
      }
      if (pauseMs > 0) await sleep(pauseMs * 2 * random.fraction());
    }
  }

  const running = Promise.all(Array.from({ length: connections }, (_, n) => connection(n)));
  // Awaited by finish(); a failure before that must not be an unhandled rejection.
  running.catch(() => undefined);
  return {
    ledger,
    async finish() {
      finishing = true;
      await running;
      return ledger;
    },
  };
}
