import { ACK_WAIT_MS, bench, event, events, eventually, metric, opened } from './fixture.js';

const open = opened();
afterEach(() => open.closeAll());

test('events come once, however often they are sent, and the activity log agrees', async () => {
  const b = await bench(open);
  const writer = await b.startWriter();
  const sent = events(3_000);
  await b.publish(sent, { perMessage: 50 });
  await b.publish(sent.slice(0, 1_000), { perMessage: 7 });
  await b.publish([...sent.slice(500, 700), ...sent.slice(500, 700)]);
  await b.drained();
  expect(await b.totals()).toMatchObject({
    rows: 3_000,
    distinctKeys: 3_000,
    logEvents: 3_000,
    activityDifferences: 0,
  });
  await eventually(
    () => metric(writer, 'events_ingested_total'),
    (n) => n === 3_000,
  );
  expect(await metric(writer, 'events_duplicate_total', 'source="postgres"')).toBe(1_400);
  expect(await metric(writer, 'writer_faults_total')).toBe(0);
  await eventually(
    () => metric(writer, 'stream_pending_messages').catch(() => -1),
    (n) => n === 0,
  );
  expect(await metric(writer, 'stream_oldest_message_age_seconds')).toBe(0);
  expect(await metric(writer, 'dead_letter_stream_messages')).toBe(0);
});

test('an event is visible within a second of its PubAck, as a rule', async () => {
  const b = await bench(open);
  const writer = await b.startWriter();
  await writer.waitReady();
  await b.publish([event()]);
  await b.drained();
  const lateMs: number[] = [];
  for (let i = 2; i <= 20; i += 1) {
    await b.publish([event()]);
    const startedMs = Date.now();
    await eventually(
      () => b.totals(),
      (totals) => totals.rows === i,
      5_000,
    );
    lateMs.push(Date.now() - startedMs);
  }
  // The median: a busy machine may hold up any one of them.
  expect(lateMs.sort((a, b) => a - b)[Math.floor(lateMs.length / 2)]).toBeLessThan(1_000);
});

test('killed between COMMIT and ack: one row each, and the next writer goes on', async () => {
  const b = await bench(open);
  const dying = await b.startWriter({ WRITER_FAILPOINT: 'after_commit' });
  const died = new Promise<string>((resolve) => dying.onUnexpectedExit(resolve));
  await b.publish(events(200), { perMessage: 20 });
  expect(await died).toContain('SIGKILL');
  const stored = (await b.totals()).rows;
  expect(stored).toBeGreaterThan(0);
  expect((await b.lag())?.messages).toBe(10);

  const next = await b.startWriter();
  await b.drained();
  expect(await b.totals()).toMatchObject({ rows: 200, logEvents: 200, activityDifferences: 0 });
  expect(await metric(next, 'events_duplicate_total')).toBe(stored);
});

test('killed over and over under load: nothing is lost, nothing doubled', async () => {
  const b = await bench(open);
  const writer = await b.startWriter({ WRITER_BATCH_EVENTS: '100' });
  const sent = events(6_000);
  const publishing = b.publish(sent, { perMessage: 5 });
  for (let round = 0; round < 4; round += 1) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    await writer.kill('SIGKILL');
    await writer.restart();
  }
  await publishing;
  await b.drained();
  expect(await b.totals()).toMatchObject({
    rows: 6_000,
    distinctKeys: 6_000,
    logEvents: 6_000,
    activityDifferences: 0,
  });
});

test('paused past ack_wait while a second one runs: one row each', async () => {
  const b = await bench(open);
  const paused = await b.startWriter({ WRITER_BATCH_EVENTS: '50' });
  await paused.waitReady();
  const sent = events(5_000);
  const publishing = b.publish(sent, { perMessage: 5 });
  await new Promise((resolve) => setTimeout(resolve, 150));
  await paused.kill('SIGSTOP');
  await b.startWriter();
  await publishing;
  await new Promise((resolve) => setTimeout(resolve, 2 * ACK_WAIT_MS));
  await paused.kill('SIGCONT');
  await b.drained();
  await eventually(
    () => b.totals(),
    (totals) => totals.rows === 5_000,
  );
  expect(await b.totals()).toMatchObject({
    rows: 5_000,
    distinctKeys: 5_000,
    logEvents: 5_000,
    activityDifferences: 0,
  });
});

test('two writers with overlapping ids in opposite order: all stored, no fault', async () => {
  const b = await bench(open);
  const writers = await Promise.all([
    b.startWriter({ WRITER_BATCH_EVENTS: '500', WRITER_CONNECTIONS: '3' }),
    b.startWriter({ WRITER_BATCH_EVENTS: '500', WRITER_CONNECTIONS: '3' }),
  ]);
  const sent = events(4_000);
  await Promise.all([
    b.publish(sent, { perMessage: 100 }),
    b.publish([...sent].reverse(), { perMessage: 100 }),
    b.publish(sent, { perMessage: 130 }),
    b.publish([...sent].reverse(), { perMessage: 70 }),
  ]);
  await b.drained();
  expect(await b.totals()).toMatchObject({
    rows: 4_000,
    distinctKeys: 4_000,
    logEvents: 4_000,
    activityDifferences: 0,
  });
  for (const writer of writers) expect(await metric(writer, 'writer_faults_total')).toBe(0);
});
