import { createRandom } from '@event-analytics/testkit';
import { COMPONENTS } from './cast.js';
import { planFaults, type Step } from './plan-faults.js';

function steps(seed: number, count: number): Step[] {
  const plan = planFaults(createRandom(seed));
  return Array.from({ length: count }, () => plan.next().value);
}

test('a seed decides all of it', () => {
  expect(steps(7, 200)).toEqual(steps(7, 200));
  expect(steps(7, 200)).not.toEqual(steps(8, 200));
});

test('every component is killed, as often as every other', () => {
  const kills = steps(1, 300).flatMap(({ faults }) => faults.filter(({ kind }) => kind === 'kill'));
  const of = (component: string) => kills.filter((f) => 'component' in f && f.component === component).length;
  const counts = COMPONENTS.map(of);
  expect(kills.length).toBeGreaterThan(200);
  // A second fault of a step that would meet the first is dropped.
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThan(10);
});

test('every kind of fault is made', () => {
  const kinds = new Set(steps(1, 300).flatMap(({ faults }) => faults.map(({ kind }) => kind)));
  expect([...kinds].sort()).toEqual(['black hole', 'cut', 'delay', 'flush', 'kill', 'pause', 'restart']);
});
