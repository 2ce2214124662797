import type { WritableEvent } from '@event-analytics/timescale';
import { createRandom, type Random } from '../src/random.js';
import { askPostgres, askSimulated, POISON_USER, type Step } from './both-databases.js';

const STEPS = 150;
const IDS = 60;
const EVENTS_MAX = 8;
const RECEIVED_AT = '2024-06-01T00:00:00.000Z';
const MONTHS = ['2024-01', '2024-03', '2024-04'] as const;
const RETAINED_FROM = '2024-02-10T00:00:00.000Z';

const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

function randomEvent(random: Random, nowMs: number): WritableEvent {
  const n = random.below(IDS);
  const month = random.pick(MONTHS);
  const isNow = random.chance(0.2);
  const event = {
    event_id: idOf(n),
    user_id: random.chance(0.04) ? POISON_USER : random.pick(['ann', 'ben', 'c\td', 'é"😀']),
    event_type: random.pick(['view', 'buy']),
    occurred_at: isNow ? new Date(nowMs - n * 1_000).toISOString() : `${month}-15T10:00:00.${100 + (n % 3)}Z`,
    received_at: random.chance(0.5) ? RECEIVED_AT : '2024-06-02T00:00:00.000Z',
  };
  // NUL is what the writer's own check keeps away; PostgreSQL refuses it all the same.
  const text = random.chance(0.02) ? 'a\0b' : 'a\nb';
  return random.chance(0.5)
    ? { ...event, properties: { n, text } }
    : { ...event, properties_json: JSON.stringify({ n, text }) };
}

/** Events again and again, in one write and over several; a partition that goes; and a watermark. */
function randomSteps(seed: number): Step[] {
  const random = createRandom(seed);
  const nowMs = Math.floor(Date.now());
  const steps: Step[] = Array.from({ length: STEPS }, () =>
    random.chance(0.03)
      ? { dropPartition: `${random.pick(MONTHS)}-01` as `${number}-${number}-01` }
      : {
          write: Array.from({ length: random.between(0, EVENTS_MAX) }, () => randomEvent(random, nowMs)),
        },
  );
  steps.splice(Math.floor((STEPS * 2) / 3), 0, { retainFrom: RETAINED_FROM });
  return steps;
}

test.each([1, 2, 3, 4])(
  'PostgreSQL and the simulated database answer the same calls alike, and end alike (seed %i)',
  async (seed) => {
    const steps = randomSteps(seed);
    const real = await askPostgres(steps);
    const simulated = await askSimulated(steps);
    expect(simulated).toEqual(real);
    // All that is to be compared has come up.
    const answers = JSON.stringify(real.writes);
    for (const part of ['22P05', '"tooOld"', '"duplicates":2']) expect(answers).toContain(part);
    expect(real.rows.length).toBeGreaterThan(30);
  },
);
