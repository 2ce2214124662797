import { readFileSync } from 'node:fs';
import { sampleCsv, sampleEvents } from './sample-events.js';

test('the committed file is what the generator writes', () => {
  const committed = readFileSync(new URL('../../../../data/events_sample.csv', import.meta.url), 'utf8');
  expect(sampleCsv()).toBe(committed);
});

test('ten weeks of 300 users, two events of which are there twice', () => {
  const events = sampleEvents();
  const days = events.map((event) => event.occurredAt.slice(0, 10)).sort();
  expect(days[0]).toBe('2024-01-22');
  expect(days.at(-1)).toBe('2024-03-31');
  expect(new Set(days).size).toBe(70);
  expect(new Set(events.map((event) => event.userId)).size).toBe(300);
  expect(events.length - new Set(events.map((event) => event.eventId)).size).toBe(2);
});

test("everybody's first event is their signup", () => {
  const first = new Map<string, string>();
  for (const event of sampleEvents()) {
    if (!first.has(event.userId)) first.set(event.userId, event.eventType);
  }
  expect(new Set(first.values())).toEqual(new Set(['signup']));
});
