import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientEvent, Ledger } from '../ledger.js';
import type { Network } from '../servers/network.js';
import type { Process } from '../time/virtual-time.js';
import type { World } from '../world.js';
import type { Answer, Gateway, Request } from './gateway.js';
import { bodyOf, invalidEvent, makeEvent } from './make-events.js';

export interface ClientOptions {
  process: Process;
  network: Network;
  ledger: Ledger;
  /** Those that live now. */
  gateways: () => readonly Gateway[];
}

const ANSWER_TIMEOUT_MS = 5_000;
const SENT_AGAIN_AFTER_MS_MAX = 5_000;
const RETRY_MS_MAX = 1_000;
const OLD_EVENTS_SHARE = 0.1;
const REPEATED_SHARE = 0.15;
const INVALID_SHARE = 0.08;
const GIVES_UP_SHARE = 0.05;

/**
 * A client that sends batches, each until it is answered 202, always with the same ids and instants (but in a scenario
 * of its own), and keeps the ledger. To be called as its process; resolves when it has nothing more to send.
 */
export async function runClient(world: World, o: ClientOptions): Promise<void> {
  const { plan, random, faults, trace, violated } = world;
  const { ledger } = o;
  const own: ClientEvent[] = [];
  for (let request = 0; request < plan.requestsPerClient; request += 1) {
    await sleep((random.fraction() * plan.chaosMs) / plan.requestsPerClient);
    await sendBatch(makeBatch());
  }

  function makeBatch(): ClientEvent[] {
    const count = random.between(1, plan.eventsPerRequestMax);
    return Array.from({ length: count }, () => {
      const before = own.length > 0 && random.chance(OLD_EVENTS_SHARE) ? random.pick(own) : undefined;
      const event = before ? varied(before) : makeEvent(world);
      if (!before) own.push(event);
      return event;
    });
  }

  /** The same id with another instant, where that is the scenario. */
  function varied(event: ClientEvent): ClientEvent {
    if (!plan.variesInstants) return event;
    return { ...event, occurred_at: new Date(Date.parse(event.occurred_at) - 3_600_000).toISOString() };
  }

  async function sendBatch(fresh: readonly ClientEvent[]): Promise<void> {
    const [first] = fresh;
    const events = first && random.chance(REPEATED_SHARE) ? [...fresh, first] : fresh;
    if (first && random.chance(INVALID_SHARE)) await sendWithInvalid(first);
    ledger.requests += 1;
    ledger.send(events);
    const request = { body: bodyOf(events), partial: false };
    const attemptsMax = random.chance(GIVES_UP_SHARE) ? 2 : Infinity;
    // At the same time, to whichever gateway.
    const twin = random.chance(0.1) ? attempt(request, events) : undefined;
    for (let attempts = 1; attempts <= attemptsMax; attempts += 1) {
      if (await attempt(request, events)) break;
      await sleep(random.fraction() * RETRY_MS_MAX);
    }
    await twin;
    if (faults.strikes('sent_again')) {
      await sleep(random.fraction() * SENT_AGAIN_AFTER_MS_MAX);
      await attempt(request, events);
    }
  }

  /** One bad event, and nothing of the batch is taken: not even where its neighbour is valid. */
  async function sendWithInvalid(like: ClientEvent): Promise<void> {
    const valid = makeEvent(world);
    const partial = random.chance(0.5);
    if (partial) ledger.send([valid]);
    const answer = await post({ body: bodyOf([valid, invalidEvent(like)]), partial });
    if (answer?.status === 202) {
      if (!partial || answer.result.rejected.length !== 1) violated('an invalid event was taken');
      else acknowledged([valid], answer);
    }
  }

  async function attempt(request: Request, events: readonly ClientEvent[]): Promise<boolean> {
    ledger.attempts += 1;
    const answer = await post(request);
    if (answer?.status === 422) violated('a valid batch was refused');
    if (answer?.status !== 202) return false;
    const { accepted, duplicates, rejected } = answer.result;
    if (accepted + duplicates + rejected.length !== events.length) violated('an answer does not add up');
    acknowledged(events, answer);
    return true;
  }

  function acknowledged(
    events: readonly ClientEvent[],
    answer: Sent & Extract<Answer, { status: 202 }>,
  ): void {
    trace(() => `has the 202 of ${events.map(({ event_id }) => event_id.slice(0, 8)).join(' ')}`);
    ledger.acknowledge(events, { beganMs: answer.beganMs, streamEpoch: answer.streamEpoch });
  }

  function post(request: Request): Promise<(Answer & Sent) | undefined> {
    const beganMs = world.time.nowMs();
    return new Promise((resolve) => {
      const alive = o.gateways();
      if (alive.length === 0) return resolve(undefined);
      const gateway = random.pick(alive);
      trace(() => `posts to ${gateway.process.name}`);
      const giveUp = (): void => {
        timer.close();
        resolve(undefined);
      };
      const connection = o.network.connect({
        client: o.process,
        server: gateway.process,
        onClientClosed: giveUp,
      });
      const cancel = world.time.after(ANSWER_TIMEOUT_MS, o.process, giveUp);
      const timer = {
        close(): void {
          cancel();
          connection.close();
        },
      };
      connection.toServer(() =>
        gateway.post(request, (answer) => {
          if (faults.strikes('answer_lost')) return connection.cut();
          connection.toClient(() => {
            timer.close();
            resolve({ ...answer, beganMs });
          });
        }),
      );
    });
  }
}

interface Sent {
  beganMs: number;
}
