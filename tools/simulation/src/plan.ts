import { DISASTER_KINDS, STEP_FAULT_KINDS, type FaultKind } from './faults.js';
import type { Random } from './random.js';

/** What a seed decides before anything begins. */
export interface Plan {
  seed: number;
  /** Each seed has some kinds of faults and not others: all at once would hide what needs one of them alone. */
  faults: ReadonlySet<FaultKind>;
  clients: number;
  requestsPerClient: number;
  eventsPerRequestMax: number;
  gateways: number;
  writers: number;
  lanes: number;
  batchEvents: number;
  /** Small, so that requests become several messages. */
  maxMessageBytes: number;
  /** How long faults go on. */
  chaosMs: number;
  /** Clients send some ids again with another instant. */
  variesInstants: boolean;
  /** Some events are refused by the database whenever they come alone. */
  poison: boolean;
  /** Somebody else publishes what is no event into the stream. */
  foreignMessages: boolean;
}

export function planOf(seed: number, random: Random): Plan {
  const share = random.pick([0, 0.15, 0.3, 0.5]);
  const faults = new Set<FaultKind>();
  for (const kind of [...STEP_FAULT_KINDS, ...DISASTER_KINDS]) if (random.chance(share)) faults.add(kind);
  // It is a loss that has to be accounted for: a scenario of its own.
  faults.delete('stream_made_anew');
  if (random.chance(0.15)) faults.add('stream_made_anew');
  return {
    seed,
    faults,
    clients: random.between(2, 4),
    requestsPerClient: random.between(2, 6),
    eventsPerRequestMax: random.pick([1, 3, 6, 12]),
    gateways: 2,
    writers: 2,
    lanes: random.between(1, 3),
    batchEvents: random.pick([3, 10, 40]),
    maxMessageBytes: random.pick([600, 1_500, 512 * 1_024]),
    chaosMs: random.between(3_000, 12_000),
    variesInstants: random.chance(0.1),
    poison: random.chance(0.3),
    foreignMessages: random.chance(0.2),
  };
}
