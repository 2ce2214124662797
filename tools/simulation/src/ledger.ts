/** An event of the world: what a client sends of it never varies. */
export interface ClientEvent {
  event_id: string;
  user_id: string;
  event_type: string;
  /** `YYYY-MM-DDTHH:mm:ss.sssZ` */
  occurred_at: string;
  properties: Record<string, unknown>;
}

/** A 202. */
export interface Acknowledgement {
  /** When the request began that was answered. */
  beganMs: number;
  /** When the stream was made that the gateway knew of as it took the request; undefined: it knew of none. */
  streamEpoch: string | undefined;
}

/** A message that went with its stream. */
interface Loss {
  lostAtMs: number;
  streamEpoch: string;
}

/** What was sent, what was answered, and what may be missing; the check is in docs/reliability.md, "The promise". */
export interface Ledger {
  readonly sent: ReadonlyMap<string, ClientEvent>;
  readonly acknowledged: ReadonlyMap<string, readonly Acknowledgement[]>;
  send(events: readonly ClientEvent[]): void;
  acknowledge(events: readonly ClientEvent[], how: Acknowledgement): void;
  /** An operator deleted the stream with this in it. */
  lose(events: readonly ClientEvent[], loss: Loss): void;
  /**
   * An acknowledged event went with its stream, and no acknowledgement of it came after that from a gateway that knew
   * better.
   */
  isAccountedLoss(key: string): boolean;
  requests: number;
  attempts: number;
}

/** What counts once: id and instant together. */
export const keyOf = (event: { event_id: string; occurred_at: string }): string =>
  `${event.event_id} ${event.occurred_at}`;

export function createLedger(): Ledger {
  const sent = new Map<string, ClientEvent>();
  const acknowledged = new Map<string, Acknowledgement[]>();
  /** By event_id: what was a duplicate of a lost event for its mark is lost with it. */
  const losses = new Map<string, Loss[]>();

  const add = <T>(to: Map<string, T[]>, key: string, value: T): void => {
    const values = to.get(key) ?? [];
    values.push(value);
    to.set(key, values);
  };

  return {
    sent,
    acknowledged,
    requests: 0,
    attempts: 0,
    send(events) {
      for (const event of events) sent.set(keyOf(event), event);
    },
    acknowledge(events, how) {
      for (const event of events) add(acknowledged, keyOf(event), how);
    },
    lose(events, loss) {
      for (const { event_id } of events) add(losses, event_id, loss);
    },
    isAccountedLoss(key) {
      const [id = ''] = key.split(' ');
      const ofId = losses.get(id) ?? [];
      return (acknowledged.get(key) ?? []).every(({ beganMs, streamEpoch }) =>
        ofId.some((loss) => beganMs <= loss.lostAtMs || isNoNewer(streamEpoch, loss.streamEpoch)),
      );
    },
  };
}

/** ISO texts of the same length. A gateway looks at the stream every two seconds and may still go by one before it. */
const isNoNewer = (known: string | undefined, lost: string): boolean => known !== undefined && known <= lost;
