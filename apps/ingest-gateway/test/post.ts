import { randomUUID } from 'node:crypto';

export interface PostOptions {
  method?: string;
  path?: string;
  /** Appended to the path, e.g. `?partial=true`. */
  query?: string;
  headers?: Record<string, string>;
  /** Sent as it is, instead of the body as JSON. */
  raw?: Uint8Array | string;
  /** After so long the request is given up, and post rejects. */
  timeoutMs?: number;
}

export interface Answer {
  status: number;
  headers: Headers;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- assertions look into it as they like
  body: any;
  text: string;
  ms: number;
}

/** POST /events, or another request, by fetch. */
export async function post(url: string, body: unknown, o: PostOptions = {}): Promise<Answer> {
  const startedMs = performance.now();
  const method = o.method ?? 'POST';
  const response = await fetch(`${url}${o.path ?? '/events'}${o.query ?? ''}`, {
    method,
    ...(o.timeoutMs !== undefined && { signal: AbortSignal.timeout(o.timeoutMs) }),
    headers: { ...(method === 'POST' && { 'content-type': 'application/json' }), ...o.headers },
    ...(method === 'POST' && { body: o.raw === undefined ? JSON.stringify(body) : Buffer.from(o.raw) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json');
  return {
    status: response.status,
    headers: response.headers,
    body: isJson ? JSON.parse(text) : undefined,
    text,
    ms: performance.now() - startedMs,
  };
}

export interface SentEvent {
  event_id: string;
  user_id: string;
  event_type: string;
  occurred_at: string;
  properties?: Record<string, unknown>;
}

export function event(o: Partial<SentEvent> & Record<string, unknown> = {}): SentEvent {
  return {
    event_id: randomUUID(),
    user_id: 'ada',
    event_type: 'click',
    occurred_at: '2024-03-04T10:00:00Z',
    properties: { page: '/' },
    ...o,
  };
}

export function events(count: number, o: Partial<SentEvent> = {}): { events: SentEvent[] } {
  return { events: Array.from({ length: count }, () => event(o)) };
}

export const idsOf = (batch: readonly { event_id: string }[]) => batch.map((e) => e.event_id);
