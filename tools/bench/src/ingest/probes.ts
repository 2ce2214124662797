import { randomInt, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createHttpClient, timingOf, type Timing } from '../queries/http-timing.js';
import type { EndToEnd } from './end-to-end.js';
import type { Ledger } from './load/ledger.js';
import { openLane } from './load/lane.js';
import { typesCounted } from './verify.js';

export interface Freshness {
  /** From the 202 to its being counted in an answer of /stats, as polled without pause but for POLL_MS. */
  visibleMs: Timing;
}

/** So many may be on their way at once: each has an event type of its own, so that it is seen by itself. */
const TYPES = 64;
const PROBE_MS = 50;
const POLL_MS = 5;

/** Sends single events until `ended`, and watches for each in /stats/top-events. */
export async function probeFreshness(
  system: EndToEnd,
  ended: Promise<unknown>,
): Promise<{ freshness: Freshness; acknowledged: Ledger }> {
  const client = createHttpClient(system.stats.url);
  const lane = openLane(system.gateway.port);
  const free = Array.from({ length: TYPES }, (_, i) => `probe_${String(i)}`);
  /** Acknowledged at, and the count of its type that shows it. */
  const underWay = new Map<string, { acknowledgedMs: number; count: number }>();
  const sent = new Map<string, number>();
  const usersOfDay = new Map<string, Set<string>>();
  const visibleMs: number[] = [];
  let idSum = 0;
  let goesOn = true;
  void ended.then(() => {
    goesOn = false;
  });

  async function probe(type: string): Promise<void> {
    const instant = new Date().toISOString();
    const id = randomUUID();
    const user = `user of ${type}`;
    const event = { event_id: id, user_id: user, event_type: type, occurred_at: instant };
    const body = JSON.stringify({ events: [event] });
    const head = `POST /events HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${String(body.length)}\r\n\r\n`;
    const answer = await lane.send(Buffer.from(head + body));
    if (answer.status !== 202)
      throw new Error(`a probe was answered ${String(answer.status)}: ${answer.body}`);
    const count = (sent.get(type) ?? 0) + 1;
    sent.set(type, count);
    idSum += Number.parseInt(id.slice(0, 8), 16);
    const day = instant.slice(0, 10);
    usersOfDay.set(day, (usersOfDay.get(day) ?? new Set()).add(user));
    underWay.set(type, { acknowledgedMs: performance.now(), count });
  }

  async function sendProbes(): Promise<void> {
    while (goesOn) {
      const type = free.shift();
      if (type !== undefined) await probe(type);
      // Not in step with whatever the writer and the indexer do at intervals.
      await sleep(randomInt(PROBE_MS / 2, PROBE_MS * 1.5));
    }
  }

  async function watch(): Promise<void> {
    while (goesOn || underWay.size > 0) {
      const types = await typesCounted(client, { days: {} });
      const seenMs = performance.now();
      for (const { event_type, count } of types) {
        const waiting = underWay.get(event_type);
        if (waiting === undefined || count < waiting.count) continue;
        visibleMs.push(seenMs - waiting.acknowledgedMs);
        underWay.delete(event_type);
        free.push(event_type);
      }
      await sleep(POLL_MS);
    }
  }

  try {
    await Promise.all([sendProbes(), watch()]);
  } finally {
    goesOn = false;
    client.close();
    lane.close();
  }
  return {
    freshness: { visibleMs: timingOf(visibleMs) },
    acknowledged: {
      events: [...sent.values()].reduce((sum, count) => sum + count, 0),
      idSum,
      types: Object.fromEntries([...sent].map(([type, count]) => [type, { count, users: 1 }])),
      days: Object.fromEntries([...usersOfDay].map(([day, users]) => [day, users.size])),
    },
  };
}
