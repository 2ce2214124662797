import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_STREAM_NAMES } from '@event-analytics/nats-client';
import type { ClientEvent, Ledger } from '../ledger.js';
import type { Network } from '../servers/network.js';
import { createNatsHandle } from '../servers/nats/handle.js';
import type { NatsServer } from '../servers/nats/server.js';
import type { Process } from '../time/virtual-time.js';
import type { World } from '../world.js';
import { makeEvent } from './make-events.js';

/** What an event is called that a dead letter must tell of. */
export const FOREIGN_USER = 'foreign\0user';
export const NO_MESSAGE = 'this is no message';

const MESSAGES = 3;

/** Publishes into the stream what no gateway would: text that is no JSON, and a bad event between good ones. */
export async function runForeigner(
  world: World,
  o: {
    process: Process;
    network: Network;
    nats: NatsServer;
    ledger: Ledger;
    expects: (letter: string) => void;
  },
): Promise<void> {
  const { plan, random, time } = world;
  const nats = createNatsHandle(world, { network: o.network, server: o.nats, client: o.process });
  for (let message = 0; message < MESSAGES; message += 1) {
    await sleep((random.fraction() * plan.chaosMs) / MESSAGES);
    const session = await nats.whenConnected();
    const good = { ...makeEvent(world), user_id: 'guest' };
    const bad: ClientEvent = { ...makeEvent(world), user_id: FOREIGN_USER };
    const isText = random.chance(0.5);
    const beganMs = time.nowMs();
    const payload = isText ? `${NO_MESSAGE} ${good.event_id}` : wireOf([good, bad], time.nowMs());
    if (!isText) o.ledger.send([good]);
    try {
      await session.js.publish(DEFAULT_STREAM_NAMES.subject, Buffer.from(payload));
    } catch {
      // Whether it is in the stream is not known, so nothing is expected of it.
      continue;
    }
    o.expects(isText ? good.event_id : bad.event_id);
    if (!isText) o.ledger.acknowledge([good], { beganMs, streamEpoch: undefined });
  }
}

const wireOf = (events: readonly ClientEvent[], nowMs: number): string =>
  JSON.stringify({ v: 1, received_at: new Date(nowMs).toISOString(), events });
