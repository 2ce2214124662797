import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../../numbers.js';
import type { Batch, BatchPool, Stamper } from './bodies.js';
import { openLane, type Lane, type LaneAnswer } from './lane.js';
import type { LedgerBook } from './ledger.js';
import type { LoadFigures, LoadPlan } from './protocol.js';

/** For how long a batch is sent again before the run is given up, and how long it waits in between. */
const TRY_MS_MAX = 60_000;
const TRY_PAUSE_MS = 50;
const COUNTS = /^\{"accepted":(\d+),"duplicates":(\d+),"rejected":\[(.?)/;

export interface LoadContext {
  pool: BatchPool;
  stamper: Stamper;
  book: LedgerBook | undefined;
}

/**
 * Sends batches over a fixed number of connections, each waiting for its answer. What is not acknowledged (5xx,
 * a broken connection) is sent again, unchanged, until it is: its outcome is unknown.
 * @throws Error for an answer that is not as promised
 */
export async function sendLoad(plan: LoadPlan, context: LoadContext): Promise<LoadFigures> {
  const { pool, stamper, book } = context;
  const latencies: number[] = [];
  const answers: Record<string, number> = {};
  const sums = { events: 0, eventsSent: 0, accepted: 0, duplicates: 0, rejected: 0 };
  const beganMs = performance.now();
  const endMs = beganMs + (plan.seconds ?? Infinity) * 1_000;
  const batchMs = plan.eventsPerSecond === undefined ? 0 : (1_000 * plan.batchEvents) / plan.eventsPerSecond;
  let begun = 0;

  /** @returns whether there is another one to send, when it is due */
  async function next(): Promise<boolean> {
    const number = begun++;
    if (number >= (plan.requests ?? Infinity)) return false;
    const waitMs = beganMs + number * batchMs - performance.now();
    if (batchMs > 0 && waitMs > 1) await sleep(waitMs);
    return performance.now() < endMs;
  }

  async function send(lane: Lane, batch: Batch): Promise<LaneAnswer> {
    const firstMs = performance.now();
    for (;;) {
      const sentMs = performance.now();
      let answer: LaneAnswer | undefined;
      try {
        answer = await lane.send(batch.bytes);
      } catch {
        answers['broken'] = (answers['broken'] ?? 0) + 1;
      }
      if (answer !== undefined) {
        latencies.push(performance.now() - sentMs);
        answers[answer.status] = (answers[answer.status] ?? 0) + 1;
        if (answer.status === 202) return answer;
        if (answer.status < 500) throw new Error(`answered ${String(answer.status)}: ${answer.body}`);
      }
      if (performance.now() - firstMs > TRY_MS_MAX)
        throw new Error(`not acknowledged within ${String(TRY_MS_MAX / 1_000)} s`);
      await sleep(TRY_PAUSE_MS);
    }
  }

  /** @param step which events are new: all, every other one, or none */
  async function sendOnce(lane: Lane, batch: Batch, step: 1 | 2 | undefined): Promise<void> {
    const idSum = step === undefined ? 0 : stamper.stamp(batch, step);
    const day = stamper.day();
    const { body } = await send(lane, batch);
    const counts = COUNTS.exec(body);
    const [accepted, duplicates] = [Number(counts?.[1]), Number(counts?.[2])];
    const rejected = batch.eventsSent - batch.users.length;
    if (accepted + duplicates !== batch.users.length || (counts?.[3] === '{') !== rejected > 0)
      throw new Error(`of ${String(batch.users.length)} valid events, one answer says: ${body}`);
    sums.eventsSent += batch.eventsSent;
    sums.accepted += accepted;
    sums.duplicates += duplicates;
    sums.rejected += rejected;
    if (step === undefined) return;
    sums.events += Math.ceil(batch.users.length / step);
    book?.acknowledged({
      users: batch.users,
      types: batch.types,
      which: step === 1 ? 'all' : 'even',
      day,
      idSum,
    });
  }

  async function work(): Promise<void> {
    const lane = openLane(plan.port);
    try {
      while (await next()) {
        const batch = pool.take();
        await sendOnce(lane, batch, 1);
        if (plan.ids === 'resent') {
          await sendOnce(lane, batch, undefined);
          await sendOnce(lane, batch, 2);
        }
        pool.give(batch);
      }
    } finally {
      lane.close();
    }
  }

  await Promise.all(Array.from({ length: plan.connections }, work));
  const seconds = (performance.now() - beganMs) / 1_000;
  latencies.sort((a, b) => a - b);
  return {
    ...sums,
    seconds,
    requests: latencies.length,
    eventsPerSecond: sums.eventsSent / seconds,
    requestsPerSecond: latencies.length / seconds,
    latencyMs: {
      mean: latencies.reduce((sum, ms) => sum + ms, 0) / latencies.length,
      p50: percentile(latencies, 0.5),
      p99: percentile(latencies, 0.99),
      max: latencies.at(-1) ?? NaN,
    },
    answers,
  };
}
