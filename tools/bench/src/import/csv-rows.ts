import { EVENT_TYPES, skewedPopulation, userId } from '../queries/population.js';
import { seededRandom, type Random } from '../queries/random.js';

const DAY_MS = 86_400_000;
const SEED = 20_240_304;
/** Rows that are handed out together. */
const BLOCK_ROWS = 2_000;
/** One of so many comes late, by up to six hours: "roughly in order". */
const LATE_ONE_OF = 32;
const LATE_MS_MAX = 6 * 3_600_000;
/** One of so many is no event. */
const BAD_ONE_OF = 1_000;
/** One of so many has its properties over two lines. */
const TWO_LINES_ONE_OF = 1_000;
const PATHS = 5_000;
const DEVICES = ['desktop', 'mobile', 'tablet'];

export const HEADER = 'event_id,occurred_at,user_id,event_type,properties_json\n';

/** History as an export has it: about 200 bytes a row, of which 120 are JSON with its quotes doubled. */
export interface HistoryShape {
  /** Bad ones included. */
  rows: number;
  users: number;
  types: number;
  days: number;
  /** The first instant after the last row's. */
  endMs: number;
  order: 'time' | 'random';
}

/** Some rows in a row, as text; the header is not among them. */
export interface Block {
  all: string;
  /** Without those that are no events. */
  good: string;
}

/** As many as hold for a file of so many rows. */
export const badRows = (rows: number): number => Math.floor(rows / BAD_ONE_OF);

/** The same rows whenever they are asked for. */
export function* historyBlocks(shape: HistoryShape): Generator<Block> {
  const { rows, users, days, endMs } = shape;
  const random = seededRandom(SEED, 0);
  const population = skewedPopulation(users);
  const typeNames = namesOf(shape.types);
  const lengthMs = days * DAY_MS;
  for (let first = 0; first < rows; first += BLOCK_ROWS) {
    const end = Math.min(rows, first + BLOCK_ROWS);
    let good = '';
    let all = '';
    for (let row = first; row < end; row++) {
      const at = shape.order === 'time' ? row / rows : random.unit();
      const late = random.bits() % LATE_ONE_OF === 0 ? random.unit() * LATE_MS_MAX : 0;
      const atMs = endMs - lengthMs + Math.max(0, Math.floor(at * lengthMs - late));
      const type = shape.types === EVENT_TYPES.length ? population.type(random) : random.bits() % shape.types;
      const fields = [
        uuid(random),
        new Date(atMs).toISOString(),
        userId(population.user(random, at)),
        typeNames[type] ?? '',
        properties(random),
      ];
      if ((row + 1) % BAD_ONE_OF === 0) {
        all += lineOf(spoilt(fields, (row + 1) / BAD_ONE_OF));
        continue;
      }
      const line = lineOf(fields);
      all += line;
      good += line;
    }
    yield { all, good };
  }
}

const lineOf = (fields: readonly string[]): string => `${fields.join(',')}\n`;

function namesOf(types: number): readonly string[] {
  if (types === EVENT_TYPES.length) return EVENT_TYPES;
  return Array.from({ length: types }, (_, i) => `type_${String(i).padStart(4, '0')}`);
}

/** What every reader of the file refuses, in turn: an id, an instant, a user, properties. */
function spoilt(fields: readonly string[], turn: number): string[] {
  const bad: [number, string][] = [
    [0, 'not-a-uuid'],
    [1, '2024-13-45T00:00:00.000Z'],
    [2, ''],
    [4, '"[1,2]"'],
  ];
  const [at, text] = bad[turn % bad.length] ?? [0, ''];
  return fields.map((field, i) => (i === at ? text : field));
}

function properties(random: Random): string {
  const bits = random.bits();
  const path = String(bits % PATHS);
  const device = DEVICES[(bits >>> 16) % DEVICES.length] ?? '';
  const price = String((bits >>> 8) % 10_000);
  const gap = random.bits() % TWO_LINES_ONE_OF === 0 ? '\n' : '';
  return `"{""path"":""/product/${path}"",${gap}""referrer"":""newsletter"",""device"":""${device}"",""session"":""${hex8(random)}"",""price"":${price}}"`;
}

const HEX4 = Array.from({ length: 65_536 }, (_, i) => i.toString(16).padStart(4, '0'));
const hex4 = (bits: number): string => HEX4[bits & 0xffff] ?? '';

function hex8(random: Random): string {
  const bits = random.bits();
  return hex4(bits >>> 16) + hex4(bits);
}

/** Version 4. */
function uuid(random: Random): string {
  const [a, b, c, d] = [random.bits(), random.bits(), random.bits(), random.bits()];
  const head = `${hex4(a >>> 16)}${hex4(a)}-${hex4(b >>> 16)}-${hex4((b & 0x0fff) | 0x4000)}`;
  return `${head}-${hex4((c & 0x3fff) | 0x8000)}-${hex4(c >>> 16)}${hex4(d >>> 16)}${hex4(d)}`;
}
