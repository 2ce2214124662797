import { createRandom } from './random.js';

export interface SampleEvent {
  eventId: string;
  occurredAt: string;
  userId: string;
  eventType: string;
  properties: Record<string, string | number>;
}

const SEED = 20_240_331;
const FIRST_DAY_MS = Date.UTC(2024, 0, 22); // a Monday
const DAYS = 70; // to Sunday, 2024-03-31
const USERS = 300;
const DUPLICATES = 2;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const PAGES = ['/', '/pricing', '/docs', '/blog', '/cart', '/account'];
const PLANS = ['free', 'free', 'free', 'team', 'business'];

/**
 * Ten weeks of a small shop: people sign up, most of them soon come back less and less, some stay,
 * weekends are quiet, a few buy. Two events are sent twice, as clients do.
 */
export function sampleEvents(): SampleEvent[] {
  const random = createRandom(SEED);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const events: SampleEvent[] = [];

  const add = (
    userId: string,
    atMs: number,
    eventType: string,
    properties: SampleEvent['properties'],
  ): void => {
    const occurredAt = new Date(atMs).toISOString();
    events.push({ eventId: uuid(random), occurredAt, userId, eventType, properties });
  };

  /** A visit of a few minutes. */
  const visit = (userId: string, day: number, first: boolean): void => {
    // Mostly between 7 and 23 o'clock, the afternoon most of all.
    const minuteOfDay = 7 * 60 + ((random() + random()) / 2) * 16 * 60;
    let atMs = FIRST_DAY_MS + day * DAY_MS + Math.floor(minuteOfDay * MINUTE_MS);
    const later = (): number => (atMs += Math.floor(1_000 + random() * 2 * MINUTE_MS));
    if (first) add(userId, atMs, 'signup', { plan: pick(PLANS) });
    else add(userId, atMs, 'login', { method: random() < 0.7 ? 'password' : 'sso' });
    const pages = 1 + Math.floor(random() * 3);
    for (let page = 0; page < pages; page += 1) add(userId, later(), 'page_view', { path: pick(PAGES) });
    if (random() < 0.12) {
      add(userId, later(), 'add_to_cart', { items: 1 + Math.floor(random() * 4) });
      if (random() < 0.6)
        add(userId, later(), 'purchase', { amount_cents: 500 + Math.floor(random() * 19_500) });
    }
  };

  for (let number = 1; number <= USERS; number += 1) {
    const userId = `user-${String(number).padStart(4, '0')}`;
    // The shop grows: more sign up in the later weeks.
    const signupDay = Math.floor(((number - 1 + random()) / USERS) ** 0.8 * DAYS);
    const loyalty = random() < 0.2 ? 0.45 : 0.08 + random() * 0.2;
    visit(userId, signupDay, true);
    for (let day = signupDay + 1; day < DAYS; day += 1) {
      const weekend = day % 7 >= 5 ? 0.5 : 1;
      if (random() < weekend * loyalty * (1 + 1.5 / (day - signupDay)) * decay(day - signupDay)) {
        visit(userId, day, false);
      }
    }
  }

  events.sort((a, b) => (a.occurredAt < b.occurredAt ? -1 : a.occurredAt > b.occurredAt ? 1 : 0));
  for (let copy = 1; copy <= DUPLICATES; copy += 1) {
    const at = Math.floor((events.length * copy) / (DUPLICATES + 1));
    events.splice(at + 5, 0, events[at] as SampleEvent);
  }
  return events;
}

/** As the importer reads it: the header, then a row each; the JSON is quoted after RFC 4180. */
export function sampleCsv(): string {
  const rows = sampleEvents().map((event) =>
    [
      event.eventId,
      event.occurredAt,
      event.userId,
      event.eventType,
      `"${JSON.stringify(event.properties).replaceAll('"', '""')}"`,
    ].join(','),
  );
  return ['event_id,occurred_at,user_id,event_type,properties_json', ...rows, ''].join('\n');
}

/** How much of the first interest is left after so many days. */
function decay(days: number): number {
  return 0.25 + 0.75 * 0.93 ** days;
}

function uuid(random: () => number): string {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.floor(random() * 256));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
