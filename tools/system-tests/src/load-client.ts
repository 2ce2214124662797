import { randomUUID } from 'node:crypto';
import type { ModelEvent } from './event-model.js';

/** What was sent and what was promised, to be held against the database afterwards. */
export interface Ledger {
  sent: Map<string, ModelEvent>;
  acknowledged: Set<string>;
  answers: Map<number | 'no answer', number>;
}

export interface LoadClient {
  ledger: Ledger;
  /** Ends the load: no new batch begins, the ones under way are retried until they are acknowledged. */
  finish(): Promise<void>;
}

/**
 * Sends batches of new events until told to finish. A batch that isn't answered 202 is sent again
 * with the same ids, as the contract asks of every client; an id's instant never changes.
 */
export function startLoad(o: {
  gatewayUrl: () => string;
  connections: number;
  batchEvents: number;
  /** Between a lane's batches. Default: 0. */
  pauseMs?: number;
  makeEvent: (eventId: string) => ModelEvent;
  /** How long a batch is retried before the run is declared failed. */
  giveUpAfterMs: number;
}): LoadClient {
  const ledger: Ledger = { sent: new Map(), acknowledged: new Set(), answers: new Map() };
  let finishing = false;

  const count = (answer: number | 'no answer') =>
    ledger.answers.set(answer, (ledger.answers.get(answer) ?? 0) + 1);

  async function attempt(events: ModelEvent[]): Promise<boolean> {
    try {
      const response = await fetch(`${o.gatewayUrl()}/events`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ events }),
        signal: AbortSignal.timeout(5_000),
      });
      await response.arrayBuffer();
      count(response.status);
      return response.status === 202;
    } catch {
      // Refused, reset or out of time: the outcome is unknown, which is what the same ids are for.
      count('no answer');
      return false;
    }
  }

  async function lane(): Promise<void> {
    while (!finishing) {
      const events = Array.from({ length: o.batchEvents }, () => o.makeEvent(randomUUID()));
      for (const e of events) ledger.sent.set(e.event_id, e);
      const deadlineMs = Date.now() + o.giveUpAfterMs;
      while (!(await attempt(events))) {
        if (Date.now() > deadlineMs)
          throw new Error(`a batch was not taken within ${String(o.giveUpAfterMs)} ms`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      for (const e of events) ledger.acknowledged.add(e.event_id);
      if (o.pauseMs) await new Promise((resolve) => setTimeout(resolve, o.pauseMs));
    }
  }

  const lanes = Promise.all(Array.from({ length: o.connections }, lane));
  // Awaited by finish(); a failure before that must not be an unhandled rejection.
  lanes.catch(() => undefined);
  return {
    ledger,
    async finish() {
      finishing = true;
      await lanes;
    },
  };
}
