import { EVENT_TYPES, userId, type Population } from './population.js';
import { seededRandom } from './random.js';

const DAY_MS = 86_400_000;
/** PostgreSQL counts from 2000. */
const EPOCH_MS = Date.UTC(2000, 0, 1);
const CHUNK_BYTES = 256 * 1024;
const ROW_BYTES_MAX = 256;
const SIGNATURE = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);
const END = Buffer.from([0xff, 0xff]);
const PROPERTIES = 500;
/** One of so many events comes late, by up to six hours: "roughly in order". */
const LATE_ONE_OF = 32;
const LATE_MS_MAX = 6 * 3_600_000;

/** Events of some days in a row, evenly over them. */
export interface Stretch {
  startMs: number;
  days: number;
  events: number;
  /** As a Population has it, of its beginning and its end. */
  at: readonly [number, number];
  /** Which numbers it is made of. */
  stream: number;
}

export interface RowMaker {
  /** The rows of a stretch, COPIED_COLUMNS of them, as COPY … FROM STDIN (FORMAT binary) takes them. */
  rows(stretch: Stretch): Generator<Buffer>;
}

/**
 * Binary, so that the server has no text to parse, and put together from fields that are made once: 20 million
 * rows are to cost seconds, for the server needs the same cores.
 */
export function createRowMaker(o: { population: Population; users: number; seed: number }): RowMaker {
  const types = EVENT_TYPES.map((type) => field(Buffer.from(type)));
  const properties = Array.from({ length: PROPERTIES }, (_, i) =>
    // jsonb: its version, then the text.
    field(Buffer.from(`\x01${JSON.stringify({ path: `/product/${String(i)}`, referrer: 'newsletter' })}`)),
  );
  const idBytes = field(Buffer.from(userId(0))).length;
  const ids = Buffer.allocUnsafe(o.users * idBytes);
  for (let user = 0; user < o.users; user++) field(Buffer.from(userId(user))).copy(ids, user * idBytes);

  return { rows };

  function* rows(stretch: Stretch): Generator<Buffer> {
    const { population } = o;
    const random = seededRandom(o.seed, stretch.stream);
    const lengthMs = stretch.days * DAY_MS;
    const [atStart, atEnd] = stretch.at;
    let buffer: Uint8Array = new Uint8Array(CHUNK_BYTES);
    buffer.set(SIGNATURE);
    let used = SIGNATURE.length;
    for (let i = 0; i < stretch.events; i++) {
      const share = i / stretch.events;
      let atMs = Math.floor(share * lengthMs);
      if (random.bits() % LATE_ONE_OF === 0)
        atMs = Math.max(0, atMs - Math.floor(random.unit() * LATE_MS_MAX));
      const user = population.user(random, atStart + (atEnd - atStart) * share);
      const micros = (stretch.startMs + atMs - EPOCH_MS) * 1_000;
      const high = Math.floor(micros / 2 ** 32);

      buffer[used] = 0;
      buffer[used + 1] = 5;
      put(buffer, used + 2, 16);
      put(buffer, used + 6, random.bits());
      put(buffer, used + 10, (random.bits() & 0xffff0fff) | 0x4000); // version 4
      put(buffer, used + 14, (random.bits() & 0x3fffffff) | 0x80000000);
      put(buffer, used + 18, random.bits());
      put(buffer, used + 22, 8);
      put(buffer, used + 26, high);
      put(buffer, used + 30, micros - high * 2 ** 32);
      used = append(buffer, used + 34, ids, user * idBytes, (user + 1) * idBytes);
      const type = types[population.type(random)] ?? END;
      used = append(buffer, used, type, 0, type.length);
      const rest = properties[random.bits() % PROPERTIES] ?? END;
      used = append(buffer, used, rest, 0, rest.length);

      if (used > CHUNK_BYTES - ROW_BYTES_MAX) {
        yield Buffer.from(buffer.buffer, 0, used);
        buffer = new Uint8Array(CHUNK_BYTES);
        used = 0;
      }
    }
    buffer.set(END, used);
    yield Buffer.from(buffer.buffer, 0, used + END.length);
  }
}

/** A 32-bit number, big end first. */
function put(buffer: Uint8Array, at: number, value: number): void {
  buffer[at] = value >>> 24;
  buffer[at + 1] = value >>> 16;
  buffer[at + 2] = value >>> 8;
  buffer[at + 3] = value;
}

/** Byte by byte: for so few of them a call into native code costs more. */
function append(buffer: Uint8Array, at: number, bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) buffer[at++] = bytes[i] ?? 0;
  return at;
}

function field(bytes: Buffer): Buffer {
  const length = Buffer.allocUnsafe(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
