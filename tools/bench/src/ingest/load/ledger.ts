/** What was acknowledged, and so what database and statistics must hold: no more, no less. */
export interface Ledger {
  events: number;
  /** Of the first 32 bits of the ids, each counted once, modulo ID_SUM_MODULUS: the same number of others is not enough. */
  idSum: number;
  types: Record<string, { count: number; users: number }>;
  /** Distinct users by calendar day, UTC. */
  days: Record<string, number>;
}

export const ID_SUM_MODULUS = 2 ** 48;

/** Events of a batch that were acknowledged. */
export interface Acknowledged {
  /** Who did what, of each event; the arrays stay as they are. */
  users: Uint32Array;
  types: Uint8Array;
  /** All of them, or those at even places. */
  which: 'all' | 'even';
  /** YYYY-MM-DD */
  day: string;
  /** Of the ids' first 32 bits. */
  idSum: number;
}

export interface LedgerBook {
  acknowledged(batch: Acknowledged): void;
  totals(): Ledger;
}

/** Costs little a batch: who did what is looked up in the end. */
export function createLedgerBook(o: { users: number; typeNames: readonly string[] }): LedgerBook {
  interface Kept {
    users: Uint32Array;
    types: Uint8Array;
    step: number;
    times: number;
  }
  const batchesOfDay = new Map<string, Map<Uint32Array, Map<number, Kept>>>();
  let idSum = 0;

  return {
    acknowledged({ users, types, which, day, idSum: sum }) {
      const batches = batchesOfDay.get(day) ?? new Map<Uint32Array, Map<number, Kept>>();
      batchesOfDay.set(day, batches);
      const ways = batches.get(users) ?? new Map<number, Kept>();
      batches.set(users, ways);
      const step = which === 'all' ? 1 : 2;
      const kept = ways.get(step);
      if (kept === undefined) ways.set(step, { users, types, step, times: 1 });
      else kept.times += 1;
      idSum = (idSum + sum) % ID_SUM_MODULUS;
    },
    totals() {
      const ofTypes = o.typeNames.map((name) => ({ name, count: 0, users: new Uint8Array(o.users) }));
      const days: Record<string, number> = {};
      for (const [day, batches] of batchesOfDay) {
        const ofDay = new Uint8Array(o.users);
        for (const ways of batches.values()) {
          for (const { users, types, step, times } of ways.values()) {
            for (let i = 0; i < users.length; i += step) {
              const [user = 0, type] = [users[i], ofTypes[types[i] ?? 0]];
              ofDay[user] = 1;
              if (type === undefined) throw new Error(`no type ${String(types[i])}`);
              type.count += times;
              type.users[user] = 1;
            }
          }
        }
        days[day] = ones(ofDay);
      }
      const happened = ofTypes.filter(({ count }) => count > 0);
      return {
        events: happened.reduce((sum, { count }) => sum + count, 0),
        idSum,
        types: Object.fromEntries(
          happened.map(({ name, count, users }) => [name, { count, users: ones(users) }]),
        ),
        days,
      };
    },
  };
}

/** Of events of different types and users. */
export function addLedgers(a: Ledger, b: Ledger): Ledger {
  const days = { ...a.days };
  for (const [day, users] of Object.entries(b.days)) days[day] = (days[day] ?? 0) + users;
  return {
    events: a.events + b.events,
    idSum: (a.idSum + b.idSum) % ID_SUM_MODULUS,
    types: { ...a.types, ...b.types },
    days,
  };
}

function ones(flags: Uint8Array): number {
  let sum = 0;
  for (const flag of flags) sum += flag;
  return sum;
}
