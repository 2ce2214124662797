import { bench, deadLetters, event, events, eventually, metric, opened } from './fixture.js';

const open = opened();
afterEach(() => open.closeAll());

const DAY_MS = 86_400_000;
const daysAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString();

test('raw events are dropped after their days, and what comes again of them is a dead letter, not counted', async () => {
  const b = await bench(open);
  const old = Array.from({ length: 5 }, () => event({ occurred_at: daysAgo(100) }));
  const young = events(20).map((e) => ({ ...e, occurred_at: daysAgo(3) }));
  const keeping = await b.startWriter({ INDEXER: 'true' });
  await b.publish([...old, ...young]);
  await b.drained();
  await eventually(
    () => b.totals(),
    ({ rows, logRows }) => rows === 25 && logRows === 0,
  );
  await keeping.stop();

  const dropping = await b.startWriter({ INDEXER: 'true', RETAIN_RAW_DAYS: '30' });
  await eventually(
    () => metric(dropping, 'event_partitions_dropped_total'),
    (partitions) => partitions === 1,
  );
  const more = events(10).map((e) => ({ ...e, occurred_at: daysAgo(1) }));
  await b.publish([...old, ...young, ...more], { perMessage: 7 });
  const letters = await deadLetters(b, old.length);
  await b.drained();
  expect(letters.map(({ reason }) => reason)).toEqual(old.map(() => 'too_old'));
  const ids = letters.map(({ text }) => (JSON.parse(text) as { event_id: string }).event_id);
  expect(ids.sort()).toEqual(old.map(({ event_id }) => event_id).sort());
  expect((await b.totals()).rows).toBe(30);
  expect(await metric(dropping, 'events_ingested_total')).toBe(10);
  expect(await metric(dropping, 'events_duplicate_total')).toBe(20);
  expect(await metric(dropping, 'dead_letters_total', 'reason="too_old"')).toBe(5);

  // The index has what was dropped, once.
  const counted = () =>
    b.db.run((sql) => sql<{ events: number }[]>`SELECT sum(total)::int4 AS events FROM activity_counts`);
  await eventually(counted, ([row]) => row?.events === 35);
  expect(await metric(dropping, 'storage_upkeep_failures_total')).toBe(0);
  expect(keeping.output()).toMatch(/"event":"(columnstore_not_offered|columnstore_set)"/);
});
