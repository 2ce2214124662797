import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';

export interface LoadResult {
  events: number;
  requests: number;
  seconds: number;
  eventsPerSecond: number;
  /** Time from sending a request to having its whole answer, in milliseconds. */
  latencyMs: { mean: number; p50: number; p99: number; max: number };
  /** Requests by HTTP status. */
  answers: Record<string, number>;
}

/** Batches of new events about an ordinary site, as request bodies; about 200 bytes an event. */
export function makeBodies(o: {
  events: number;
  batchEvents: number;
  users: number;
  nowMs: number;
}): string[] {
  const types = ['page_view', 'click', 'signup', 'login', 'search', 'add_to_cart', 'purchase', 'share'];
  const bodies: string[] = [];
  for (let made = 0; made < o.events; made += o.batchEvents) {
    const size = Math.min(o.batchEvents, o.events - made);
    const events = Array.from({ length: size }, (_, i) => {
      const n = made + i;
      return {
        event_id: randomUUID(),
        user_id: `user-${String((n * 7919) % o.users)}`,
        event_type: types[(n * 31) % types.length],
        // Spread over the last 28 days, so that more than one partition and day is written to.
        occurred_at: new Date(o.nowMs - ((n * 104_729) % (28 * 86_400_000))).toISOString(),
        properties: { path: `/product/${String(n % 500)}`, referrer: 'newsletter', n },
      };
    });
    bodies.push(JSON.stringify({ events }));
  }
  return bodies;
}

/** Sends every body once over a fixed number of kept-alive connections, each waiting for its answer. */
export async function sendAll(o: {
  url: string;
  bodies: string[];
  batchEvents: number;
  events: number;
  connections: number;
}): Promise<LoadResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: o.connections });
  const latencies: number[] = [];
  const answers: Record<string, number> = {};
  let next = 0;

  function post(body: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const sent = request(
        `${o.url}/events`,
        {
          method: 'POST',
          agent,
          headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
        },
        (response) => {
          response.resume();
          response.on('end', () => {
            resolve(response.statusCode ?? 0);
          });
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(body);
    });
  }

  async function lane(): Promise<void> {
    for (let body = o.bodies[next++]; body !== undefined; body = o.bodies[next++]) {
      const beganMs = performance.now();
      const status = await post(body);
      latencies.push(performance.now() - beganMs);
      answers[status] = (answers[status] ?? 0) + 1;
    }
  }

  const beganMs = performance.now();
  await Promise.all(Array.from({ length: o.connections }, lane));
  const seconds = (performance.now() - beganMs) / 1_000;
  agent.destroy();

  latencies.sort((a, b) => a - b);
  const at = (share: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0;
  return {
    events: o.events,
    requests: latencies.length,
    seconds,
    eventsPerSecond: o.events / seconds,
    latencyMs: {
      mean: latencies.reduce((sum, ms) => sum + ms, 0) / latencies.length,
      p50: at(0.5),
      p99: at(0.99),
      max: at(1),
    },
    answers,
  };
}
