import { setTimeout as sleep } from 'node:timers/promises';
import type { SentEvent } from './event-of.js';
import { noteAcknowledged, noteSent, type Answer, type Ledger } from './ledger.js';

// Longer than the gateway's longest answer (2.5 s), so that what is silent here is silent.
const CLIENT_TIMEOUT_MS = 8_000;
const RETRY_PAUSE_MS = 100;

/** Sends a batch once, and writes into the ledger that it was sent, what was answered, and what that promised. */
export async function sendBatch(
  gatewayUrl: string,
  events: readonly SentEvent[],
  ledger: Ledger,
): Promise<Answer> {
  noteSent(ledger, events);
  const startedMs = performance.now();
  const answer = await post(gatewayUrl, JSON.stringify({ events }));
  ledger.requests.push({ startedMs, durationMs: performance.now() - startedMs, answer });
  if (answer === 202) noteAcknowledged(ledger, events);
  return answer;
}

/** Sends the batch until it is answered 202, as the contract asks of every client; throws when that takes too long. */
export async function sendUntilAcknowledged(
  gatewayUrl: () => string,
  events: readonly SentEvent[],
  ledger: Ledger,
  { giveUpAfterMs = 60_000 }: { giveUpAfterMs?: number } = {},
): Promise<void> {
  const deadlineMs = performance.now() + giveUpAfterMs;
  while ((await sendBatch(gatewayUrl(), events, ledger)) !== 202) {
    if (performance.now() > deadlineMs) throw new Error(`a batch was not taken within ${giveUpAfterMs} ms`);
    await sleep(RETRY_PAUSE_MS);
  }
}

async function post(url: string, body: string): Promise<Answer> {
  try {
    const response = await fetch(`${url}/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(CLIENT_TIMEOUT_MS),
    });
    await response.arrayBuffer();
    return response.status;
  } catch {
    // Refused, reset or out of time: the outcome is unknown, which is what the same ids are for.
    return 'no answer';
  }
}
