import { randomFillSync } from 'node:crypto';
import { EVENT_TYPES, skewedPopulation, userId, type Population } from '../../queries/population.js';
import { scrambled, type Random } from '../../queries/random.js';

/** A whole request, head and body, made once and sent again and again with other ids and instants. */
export interface Batch {
  bytes: Buffer;
  /** Of the events that are valid, in order: where their id and their instant stand, who did what. */
  idAt: Int32Array;
  instantAt: Int32Array;
  users: Uint32Array;
  types: Uint8Array;
  eventsSent: number;
}

/** Ids are version 4 and random, as SDKs make them: the first 32 bits change with each use, the others stay. */
export interface Stamper {
  /** Gives the events at every `step`-th place new ids, and their instants. @returns the sum of the ids' first 32 bits */
  stamp(batch: Batch, step: 1 | 2): number;
  /** The day (UTC) that the instants of the last stamp are in. */
  day(): string;
}

const HEX = Buffer.from('0123456789abcdef');
const ID_AT = '{"event_id":"'.length;
/** Up to the whole second: YYYY-MM-DDTHH:MM:SS */
const SECOND_LENGTH = 19;
const PATHS = 500;
const MEMORY_BYTES = 48 * 1_024 ** 2;
const EVENT_BYTES = 210;
const BATCHES_MAX = 20_000;

/** Batches in turn; none is in two requests at once. */
export interface BatchPool {
  /** @throws Error when all are in use */
  take(): Batch;
  give(batch: Batch): void;
}

export interface BatchMaker {
  /** As many as fit into some 50 MB. */
  batches(o: { batchEvents: number; withInvalid: boolean }): Batch[];
}

export function createBatchMaker(o: { users: number; random: Random }): BatchMaker {
  const population = skewedPopulation(o.users);
  return {
    batches({ batchEvents, withInvalid }) {
      const size = Math.ceil(MEMORY_BYTES / (batchEvents * EVENT_BYTES));
      return Array.from({ length: Math.min(BATCHES_MAX, size) }, () =>
        makeBatch({ batchEvents, withInvalid, population, random: o.random }),
      );
    },
  };
}

function makeBatch(o: {
  batchEvents: number;
  withInvalid: boolean;
  population: Population;
  random: Random;
}): Batch {
  const ids = randomIds(o.batchEvents);
  const invalidAt = o.withInvalid ? o.random.bits() % o.batchEvents : -1;
  const valid = o.withInvalid ? o.batchEvents - 1 : o.batchEvents;
  const users = new Uint32Array(valid);
  const types = new Uint8Array(valid);
  const idAt = new Int32Array(valid);
  const instantAt = new Int32Array(valid);

  const texts: string[] = [];
  let at = '{"events":['.length;
  let made = 0;
  for (let i = 0; i < o.batchEvents; i++) {
    const user = o.population.user(o.random, 1);
    const type = o.population.type(o.random);
    const before = `{"event_id":"${ids[i] ?? ''}","user_id":"${i === invalidAt ? '' : userId(user)}","event_type":"${EVENT_TYPES[type] ?? ''}","occurred_at":"`;
    const millisecond = String(o.random.bits() % 1_000).padStart(3, '0');
    const path = o.random.bits() % PATHS;
    const text = `${before}2024-01-01T00:00:00.${millisecond}Z","properties":{"path":"/product/${String(path)}","referrer":"newsletter","n":${String(i)}}}`;
    if (i !== invalidAt) {
      users[made] = user;
      types[made] = type;
      idAt[made] = at + ID_AT;
      instantAt[made] = at + before.length;
      made += 1;
    }
    texts.push(text);
    at += text.length + 1;
  }
  const body = `{"events":[${texts.join(',')}]}`;
  const head = requestHead(o.withInvalid ? '/events?partial=true' : '/events', body.length);
  for (let i = 0; i < made; i++) {
    idAt[i] = (idAt[i] ?? 0) + head.length;
    instantAt[i] = (instantAt[i] ?? 0) + head.length;
  }
  return { bytes: Buffer.from(head + body), idAt, instantAt, users, types, eventsSent: o.batchEvents };
}

function requestHead(path: string, bodyBytes: number): string {
  return [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${String(bodyBytes)}`,
    '\r\n',
  ].join('\r\n');
}

/** Version 4. */
function randomIds(count: number): string[] {
  const hex = randomFillSync(Buffer.alloc(16 * count)).toString('hex');
  return Array.from({ length: count }, (_, i) => {
    const id = hex.slice(32 * i, 32 * i + 32);
    return `${id.slice(0, 8)}-${id.slice(8, 12)}-4${id.slice(13, 16)}-a${id.slice(17, 20)}-${id.slice(20)}`;
  });
}

export function createBatchPool(batches: readonly Batch[]): BatchPool {
  const inUse = new Set<Batch>();
  let next = 0;
  return {
    take() {
      if (inUse.size === batches.length) throw new Error('more connections than batches');
      for (;;) {
        const batch = batches[next++ % batches.length];
        if (batch === undefined || inUse.has(batch)) continue;
        inUse.add(batch);
        return batch;
      }
    },
    give: (batch) => void inUse.delete(batch),
  };
}

/** @param clock milliseconds since 1970 */
export function createStamper(clock: () => number): Stamper {
  const second = Buffer.alloc(SECOND_LENGTH);
  let secondMs = 0;
  let used = 0;

  return {
    stamp({ bytes, idAt, instantAt }, step) {
      // The last whole second: with their milliseconds, the events happened in the moments before they are sent.
      const nowMs = Math.floor(clock() / 1_000) * 1_000 - 1_000;
      if (nowMs !== secondMs) {
        second.write(new Date(nowMs).toISOString(), 0, SECOND_LENGTH, 'latin1');
        secondMs = nowMs;
      }
      let sum = 0;
      for (let i = 0; i < idAt.length; i += step) {
        // A permutation: no two of the four billion are the same.
        const number = scrambled(used++);
        sum += number;
        const at = idAt[i] ?? 0;
        for (let digit = 0; digit < 8; digit++)
          bytes[at + digit] = HEX[(number >>> (28 - 4 * digit)) & 15] ?? 0;
        const instant = instantAt[i] ?? 0;
        for (let character = 0; character < SECOND_LENGTH; character++)
          bytes[instant + character] = second[character] ?? 0;
      }
      return sum;
    },
    day: () => second.toString('latin1', 0, 10),
  };
}
