import { randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Requests by what is wrong with them, each answered as it must be. */
export type BadAnswers = Record<string, { status: number; requests: number }>;

interface BadRequest {
  name: string;
  /** What the answer must be. */
  status: number;
  body: string | Buffer;
  headers?: Record<string, string>;
}

const PAUSE_MS = 20;
const MIB = 1_024 ** 2;

/**
 * Sends one bad request after the other until `ended`, over a connection of its own.
 * @throws Error for an answer that is not the one to be given
 */
export async function sendBadRequests(url: string, ended: Promise<unknown>): Promise<BadAnswers> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const answers: BadAnswers = {};
  const all = badRequests(Date.now());
  let goesOn = true;
  void ended.then(() => {
    goesOn = false;
  });
  try {
    for (let i = 0; goesOn || i < all.length; i++) {
      const bad = all[i % all.length];
      if (bad === undefined) break;
      const { status, text } = await post(agent, url, bad);
      if (status !== bad.status || !isProblem(text))
        throw new Error(
          `${bad.name}: answered ${String(status)} and not ${String(bad.status)}: ${text.slice(0, 500)}`,
        );
      const answer = answers[bad.name] ?? { status, requests: 0 };
      answers[bad.name] = { status, requests: answer.requests + 1 };
      await sleep(PAUSE_MS);
    }
    return answers;
  } finally {
    agent.destroy();
  }
}

function badRequests(nowMs: number): BadRequest[] {
  const event = (changes: object) => ({
    event_id: randomUUID(),
    user_id: 'nobody',
    event_type: 'never_stored',
    occurred_at: new Date(nowMs).toISOString(),
    ...changes,
  });
  const batch = (...events: object[]) => JSON.stringify({ events });
  const good = Array.from({ length: 99 }, () => event({}));
  const oversized = batch(...good, event({ properties: { text: 'x'.repeat(6 * MIB) } }));
  return [
    { name: 'an invalid event', status: 422, body: batch(event({ event_id: 'none' })) },
    { name: 'an invalid event among 99', status: 422, body: batch(...good, event({ user_id: '' })) },
    { name: 'an instant in two days', status: 422, body: batch(event({ occurred_at: later(nowMs) })) },
    { name: 'no JSON', status: 400, body: '{"events":[' },
    { name: 'a body of 6 MiB', status: 413, body: oversized },
    { name: '2,001 events', status: 413, body: batch(...Array.from({ length: 2_001 }, () => event({}))) },
    {
      name: 'a media type that is none of ours',
      status: 415,
      body: 'a,b',
      headers: { 'content-type': 'text/csv' },
    },
    {
      name: 'no gzip',
      status: 400,
      body: batch(event({})),
      headers: { 'content-encoding': 'gzip' },
    },
  ];
}

const later = (nowMs: number): string => new Date(nowMs + 2 * 86_400_000).toISOString();

/** The answer may come, and the connection end, before all of the body is sent. */
function post(agent: Agent, url: string, bad: BadRequest): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(bad.body)),
      ...bad.headers,
    };
    const sent = request(`${url}/events`, { method: 'POST', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      const done = () => {
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      };
      response.on('end', done);
      response.on('error', done);
    });
    sent.on('error', (error) => {
      reject(new Error(`${bad.name}: ${error.message}`, { cause: error }));
    });
    sent.end(bad.body);
  });
}

/** RFC 9457, and nothing of the inside. */
function isProblem(text: string): boolean {
  try {
    const problem = JSON.parse(text) as { title?: unknown };
    return typeof problem.title === 'string' && !/ at .*:\d+:\d+/.test(text);
  } catch {
    return false;
  }
}
