import { Agent, request } from 'node:http';
import { percentile } from '../numbers.js';

export interface Timing {
  requests: number;
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

export interface Answer {
  status: number;
  /** Absent from what was computed from events. */
  etag: string | undefined;
  text: string;
  /** From sending the request to having its whole answer. */
  ms: number;
}

export interface HttpClient {
  get(path: string): Promise<Answer>;
  close(): void | Promise<void>;
}

export interface LocalHttpClient extends HttpClient {
  close(): void;
}

/** One connection, kept alive. */
export function createHttpClient(url: string): LocalHttpClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    get: (path) =>
      new Promise((resolve, reject) => {
        const beganMs = performance.now();
        const sent = request(`${url}${path}`, { agent }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            resolve({
              status: response.statusCode ?? 0,
              etag: response.headers.etag,
              text: Buffer.concat(chunks).toString(),
              ms: performance.now() - beganMs,
            });
          });
        });
        sent.on('error', reject);
        sent.end();
      }),
    close: () => agent.destroy(),
  };
}

export function timingOf(durationsMs: readonly number[]): Timing {
  const sorted = [...durationsMs].sort((a, b) => a - b);
  return {
    requests: sorted.length,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    maxMs: sorted.at(-1) ?? NaN,
  };
}
